// What pressing things in a message does: callback buttons, links, commands, the menu of one message.

import { api } from "./api.js";
import { readLink } from "./links.js";
import { alertBox, showMenu, toast } from "./notices.js";
import { personName, richText } from "./text.js";

const ANSWER_MS = 15_000; // how long a pressed button waits for the bot

export class Actions {
  #waiting = new Map(); // callback_query_id -> stop()
  #early = new Map(); // answers that came before the press returned

  /** `on` is {chat(), open(chat), send(chat, text), write(text), reply(message), jump(id)}. */
  constructor(store, on) {
    Object.assign(this, { store, on });
  }

  /** The callbacks that messages need; see bubble.js and entities.js. */
  context(more) {
    return {
      ...more,
      now: () => Date.now(),
      onCommand: (text) => this.on.send(this.on.chat(), text),
      onLink: (target) => this.follow(target),
      onMention: (name) => this.mention(name),
      onPress: (message, button, element) => this.press(message, button, element),
      onActions: (message, anchor) => this.menu(message, anchor),
      onJump: (id) => this.on.jump(id),
    };
  }

  press(message, button, element) {
    if (button.callback_data !== undefined) return this.#callback(message, button, element);
    if (button.copy_text) return this.copy(button.copy_text.text);
    if (button.url !== undefined) return this.follow(readLink(button.url, this.store.bot?.username));
    if (button.login_url) return this.follow(readLink(button.login_url.url, this.store.bot?.username));
    if (button.switch_inline_query_current_chat !== undefined) return this.on.write(this.#inline(button.switch_inline_query_current_chat));
    const query = button.switch_inline_query ?? button.switch_inline_query_chosen_chat?.query;
    if (query !== undefined) return this.#chooseChat(query, element);
    return toast("This button works in Telegram only.");
  }

  #inline(query) {
    return `@${this.store.bot?.username ?? "bot"} ${query}`;
  }

  #chooseChat(query, element) {
    const items = [...this.store.chats.values()].slice(0, 30).map((chat) => ({
      label: chat.type === "private" ? personName(this.store.users.get(chat.id)) : chat.title,
      run: () => {
        this.on.open(chat);
        this.on.write(this.#inline(query));
      },
    }));
    showMenu(element, items, "Choose a chat");
  }

  async #callback(message, button, element) {
    if (element.classList.contains("busy")) return;
    const stop = wait(element);
    const chat = this.on.chat();
    const from = this.store.actor(chat)?.user.id;
    try {
      const { callback_query_id: id } = await api.press(chat.id, { from, message_id: message.message_id, data: button.callback_data });
      this.#waiting.set(id, stop);
      setTimeout(() => this.#giveUp(id), ANSWER_MS);
      if (this.#early.has(id)) this.answered(this.#early.get(id));
    } catch (error) {
      stop();
      toast(error.message);
    }
  }

  #giveUp(id) {
    if (!this.#waiting.has(id)) return;
    this.#waiting.get(id)();
    this.#waiting.delete(id);
    toast("The bot hasn't answered yet.");
  }

  /** An answer: {callback_query_id, text, show_alert, url}. Those for other pages are left alone. */
  answered(callback) {
    const id = callback.callback_query_id;
    const stop = this.#waiting.get(id);
    if (!stop) return this.#keepEarly(callback);
    this.#waiting.delete(id);
    this.#early.delete(id);
    stop();
    if (callback.text && callback.show_alert) alertBox(personName(this.store.bot), callback.text);
    else if (callback.text) toast(callback.text);
    if (callback.url) this.follow(readLink(callback.url, this.store.bot?.username));
    return undefined;
  }

  #keepEarly(callback) {
    this.#early.set(callback.callback_query_id, callback);
    if (this.#early.size > 50) this.#early.delete(this.#early.keys().next().value);
  }

  follow(target) {
    if (target === null) return toast("This link can't be opened.");
    if (target.kind === "start") return this.start(target.payload);
    const chat = target.kind === "chat" ? this.#named(target.username) : null;
    if (chat) return this.on.open(chat);
    return window.open(target.href, "_blank", "noopener,noreferrer");
  }

  /** A deep link: the acting person's own chat with the bot, and /start with the payload. */
  start(payload) {
    const user = this.store.actor(this.on.chat())?.user;
    const chat = this.store.chats.get(user?.id);
    if (!chat) return toast("There is no private chat with the bot here.");
    this.on.open(chat);
    return this.on.send(chat, payload ? `/start ${payload}` : "/start");
  }

  #named(username) {
    const wanted = username.toLowerCase();
    return [...this.store.chats.values()].find((chat) => chat.view.username?.toLowerCase() === wanted);
  }

  mention(name) {
    const own = name.toLowerCase() === this.store.bot?.username?.toLowerCase();
    const chat = own ? this.store.chats.get(this.store.actor(this.on.chat())?.user.id) : this.#named(name);
    if (chat) this.on.open(chat);
    else toast(`Nobody here is called @${name}.`);
  }

  menu(message, anchor) {
    const words = message.text ?? message.caption ?? richText(message);
    const items = [
      { label: "Reply", icon: "reply", run: () => this.on.reply(message) },
      ...(words ? [{ label: "Copy text", icon: "copy", run: () => this.copy(words) }] : []),
    ];
    showMenu(anchor, items, "Message actions");
  }

  async copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      toast("Copied");
    } catch {
      alertBox("Copy this text", text);
    }
  }
}

function wait(element) {
  element.classList.add("busy");
  element.setAttribute("aria-busy", "true");
  return () => {
    element.classList.remove("busy");
    element.removeAttribute("aria-busy");
  };
}

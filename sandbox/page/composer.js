// Where a person writes: text, files, replies, the choice of who writes, and what stands there instead.

import { api } from "./api.js";
import { h, icon, iconButton } from "./dom.js";
import { replyKeyboard, replyMarkup } from "./keyboards.js";
import { showMenu, toast } from "./notices.js";
import { Suggestions } from "./suggest.js";
import { fileSize, personName, preview, senderName, splitText } from "./text.js";

const byId = (id) => document.getElementById(id);

const MAX_FILE = 50 * 1024 * 1024; // what Telegram lets a bot take and send

export class Composer {
  #chat = null;
  #drafts = new Map(); // chat id -> {text, reply, files}
  #commands = [];
  #hiddenKeyboard = null; // id of the message whose reply keyboard was put away

  /** `on` is {sent(chat, message), actor(chat), up()}. */
  constructor(store, on) {
    Object.assign(this, { store, on, form: byId("composer"), input: byId("input") });
    this.suggestions = new Suggestions(byId("suggestions"), this.input, (command) => this.#complete(command));
    this.#furnish();
    this.#listen();
  }

  #furnish() {
    byId("attach").append(icon("paperclip"));
    byId("send").append(icon("send"));
    byId("menu-button").append(icon("menu"), h("span", {}, "Menu"));
    byId("keyboard-toggle").append(icon("keys"));
  }

  #listen() {
    this.form.addEventListener("submit", (event) => (event.preventDefault(), this.submit()));
    this.input.addEventListener("input", () => this.#typed());
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.input.addEventListener("paste", (event) => this.#paste(event));
    this.input.addEventListener("blur", () => (byId("suggestions").hidden = true));
    this.input.addEventListener("focus", () => this.suggestions.update(this.#commands));
    byId("attach").addEventListener("click", () => byId("file").click());
    byId("file").addEventListener("change", (event) => {
      this.attach([...event.target.files]);
      event.target.value = "";
    });
    byId("menu-button").addEventListener("click", (event) => this.#openCommands(event.currentTarget));
    byId("as").addEventListener("click", (event) => this.#openActors(event.currentTarget));
    byId("keyboard-toggle").addEventListener("click", () => this.#toggleKeyboard());
  }

  show(chat) {
    this.#keepDraft();
    this.#chat = chat;
    this.#commands = [];
    if (!chat) return;
    this.input.value = this.#draft.text;
    this.refresh();
    this.#grow();
  }

  get #draft() {
    if (!this.#drafts.has(this.#chat.id)) this.#drafts.set(this.#chat.id, { text: "", reply: null, files: [] });
    return this.#drafts.get(this.#chat.id);
  }

  #keepDraft() {
    if (this.#chat) this.#draft.text = this.input.value;
  }

  /** Fits everything below the messages to what is known of the chat now. */
  refresh() {
    if (!this.#chat) return;
    const instead = this.#instead();
    this.form.hidden = instead !== null;
    byId("bottom-action").hidden = instead === null;
    byId("bottom-action").replaceChildren(...(instead ?? []));
    this.#drawActor();
    this.#drawStrips();
    this.#drawKeyboard();
    this.#loadCommands();
  }

  #instead() {
    const chat = this.#chat;
    const wide = (label, onclick) => [h("button", { type: "button", class: "wide-button", onclick }, label)];
    if (chat.type === "private" && chat.blocked) return wide("Unblock the bot", () => this.setBlocked(false));
    if (chat.type === "private" && chat.loaded && chat.messages.length === 0) return wide("Start", () => this.send("/start"));
    if (this.#mayWrite()) return null;
    const words = chat.type === "channel" ? "Only the channel's admins post here." : "You are not a member of this chat.";
    const others = this.store.actorsOf(chat).length > 1;
    const change = h("button", { type: "button", class: "line-button", "aria-haspopup": "menu" }, `Reading as ${personName(this.store.actor(chat)?.user)}. Change`);
    change.addEventListener("click", () => this.#openActors(change));
    return [h("p", { class: "reading" }, words), others ? change : null].filter(Boolean);
  }

  #mayWrite() {
    const actor = this.store.actor(this.#chat);
    if (!actor) return false;
    if (this.#chat.type === "private") return true;
    if (this.#chat.type === "channel") return actor.id === null;
    return actor.id === "anonymous" || !["left", "kicked"].includes(actor.role);
  }

  async setBlocked(blocked) {
    const chat = this.#chat;
    await this.#try(async () => {
      await api.block(chat.id, blocked);
      chat.blocked = blocked;
    });
    this.refresh();
  }

  #drawActor() {
    const options = this.store.actorsOf(this.#chat);
    const actor = this.store.actor(this.#chat);
    const button = byId("as");
    button.hidden = this.#chat.type === "private" || options.length < 2 || !actor;
    if (button.hidden) return;
    const name = actorName(actor, this.#chat);
    button.replaceChildren(icon(actorIcon(actor)), h("span", {}, name), icon("chevron"));
    button.setAttribute("aria-label", `Writing as ${name}. Change`);
    button.title = `Writing as ${name}`;
  }

  #openActors(anchor) {
    const current = this.store.actor(this.#chat);
    const items = this.store.actorsOf(this.#chat).map((actor) => ({
      label: actorName(actor, this.#chat),
      hint: actorHint(actor, this.#chat),
      icon: actorIcon(actor),
      checked: actor.id === current?.id,
      run: () => this.on.actor(this.#chat, actor.id),
    }));
    showMenu(anchor, items, "Act as");
  }

  #drawStrips() {
    const { reply, files } = this.#draft;
    const replyStrip = byId("reply-strip");
    replyStrip.hidden = reply === null;
    if (reply) {
      const words = h("div", { class: "strip-words" }, h("strong", {}, `Reply to ${senderName(reply)}`), h("span", { dir: "auto" }, preview(reply)));
      replyStrip.replaceChildren(icon("reply"), words, iconButton("close", "Don't reply", () => this.reply(null)));
    }
    const fileStrip = byId("file-strip");
    fileStrip.hidden = files.length === 0;
    fileStrip.replaceChildren(...files.map((file) => this.#fileChip(file)));
    this.#drawSend();
  }

  #fileChip(file) {
    const drop = () => {
      this.#draft.files = this.#draft.files.filter((other) => other !== file);
      this.#drawStrips();
      this.input.focus();
    };
    const words = h("span", { class: "file-words" }, h("span", { class: "file-name", dir: "auto" }, file.name), h("small", {}, fileSize(file.size)));
    return h("div", { class: "file-chip" }, icon("file"), words, iconButton("close", `Remove ${file.name}`, drop));
  }

  #drawSend() {
    const empty = this.input.value.trim() === "" && this.#draft.files.length === 0;
    byId("send").classList.toggle("ready", !empty);
    byId("send").setAttribute("aria-disabled", String(empty));
  }

  #drawKeyboard() {
    const found = this.form.hidden ? null : replyMarkup(this.#chat.messages, (message) => this.store.isFromBot(message));
    const markup = found?.markup.keyboard ? found.markup : null;
    const hidden = !markup || this.#hiddenKeyboard === found.message.message_id;
    const box = byId("reply-keyboard");
    byId("keyboard-toggle").hidden = !markup;
    byId("keyboard-toggle").setAttribute("aria-pressed", String(!hidden));
    box.hidden = hidden;
    box.replaceChildren(...(hidden ? [] : [replyKeyboard(markup, (button) => this.#pressReplyKey(button, markup, found.message))]));
    const asks = found?.markup.force_reply && found.message === this.#chat.messages.at(-1);
    if (asks && !this.#draft.reply) this.reply(found.message);
    this.input.placeholder = found?.markup.input_field_placeholder ?? "Message";
  }

  #toggleKeyboard() {
    const found = replyMarkup(this.#chat.messages, (message) => this.store.isFromBot(message));
    this.#hiddenKeyboard = this.#hiddenKeyboard === found?.message.message_id ? null : (found?.message.message_id ?? null);
    this.#drawKeyboard();
  }

  #pressReplyKey(button, markup, message) {
    const asks = ["request_contact", "request_location", "request_poll", "request_users", "request_chat", "web_app"].find((key) => button[key]);
    if (asks) return toast("This button works in Telegram only.");
    if (markup.one_time_keyboard) this.#hiddenKeyboard = message.message_id;
    return this.send(button.text);
  }

  async #loadCommands() {
    const chat = this.#chat;
    const answer = await this.store.commandsFor(chat).catch(() => ({ commands: [] }));
    if (chat !== this.#chat) return;
    this.#commands = answer.commands;
    byId("menu-button").hidden = chat.type !== "private" || answer.commands.length === 0;
    if (document.activeElement === this.input) this.suggestions.update(this.#commands);
  }

  #openCommands(anchor) {
    const items = this.#commands.map(({ command, description }) => ({
      label: `/${command}`, hint: description, run: () => this.send(`/${command}`),
    }));
    showMenu(anchor, items, "Commands", "command-menu");
  }

  #typed() {
    this.#grow();
    this.#drawSend();
    this.suggestions.update(this.#commands);
  }

  #grow() {
    this.input.style.height = "auto";
    this.input.style.height = `${this.input.scrollHeight}px`;
    this.#drawSend();
  }

  #key(event) {
    if (event.isComposing || event.keyCode === 229) return; // Enter ends a Korean or Chinese word, not the message
    if (this.suggestions.key(event)) return event.stopPropagation();
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "ArrowUp" && this.input.value === "" && !event.altKey) {
      event.preventDefault();
      this.on.up();
    } else if (event.key === "Escape" && this.#draft.reply) {
      event.stopPropagation();
      this.reply(null);
    }
  }

  #paste(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    this.attach(files);
  }

  #complete(command) {
    this.input.value = `/${command} `;
    this.input.focus();
    this.#typed();
  }

  /** Puts text into the input, as inline-mode buttons do. */
  write(text) {
    this.input.value = text;
    this.input.focus();
    this.#typed();
  }

  reply(message) {
    this.#draft.reply = message;
    this.#drawStrips();
    this.input.focus();
  }

  attach(files) {
    if (this.form.hidden) return toast("You can't write here.");
    const large = files.find((file) => file.size > MAX_FILE);
    if (large) toast(`${large.name} is over 50 MB.`);
    this.#draft.files.push(...files.filter((file) => file.size <= MAX_FILE));
    this.#drawStrips();
    return this.input.focus();
  }

  async submit() {
    const { files, reply } = this.#draft;
    const text = this.input.value;
    if (text.trim() === "" && files.length === 0) return;
    this.#draft.files = [];
    this.#draft.reply = null;
    this.input.value = "";
    this.#typed();
    this.#drawStrips();
    const done = files.length > 0 ? await this.#sendFiles(files, text, reply) : await this.send(text, reply);
    if (!done) this.#giveBack(text, files, reply);
  }

  /** What couldn't be sent comes back to the input, unless something new is there. */
  #giveBack(text, files, reply) {
    if (this.input.value === "") this.input.value = text;
    Object.assign(this.#draft, { files, reply });
    this.#typed();
    this.#drawStrips();
  }

  async send(text, reply = null) {
    const chat = this.#chat;
    const from = this.store.actor(chat)?.id ?? null;
    const context = reply ? { reply_to: reply.message_id, ...(reply.is_topic_message ? { thread_id: reply.message_thread_id } : {}) } : {};
    return this.#try(async () => {
      for (const part of splitText(text)) {
        const { message } = await api.send(chat.id, { from, text: part, ...context });
        this.on.sent(chat, message);
      }
    });
  }

  async #sendFiles(files, caption, reply) {
    const chat = this.#chat;
    const from = this.store.actor(chat)?.id ?? null;
    return this.#try(async () => {
      for (const [at, file] of files.entries()) {
        const { message } = await api.sendFile(chat.id, from, file, at === 0 ? caption.trim() : "", reply?.message_id);
        this.on.sent(chat, message);
      }
    });
  }

  async #try(work) {
    try {
      await work();
      return true;
    } catch (error) {
      toast(error.message);
      return false;
    }
  }
}

/** Lets files be dropped on `pane`; `hint` shows while they hover over it. */
export function takeDrops(pane, hint, take) {
  const show = (on) => (hint.hidden = !on);
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  pane.addEventListener("dragover", (event) => holdsFiles(event) && (event.preventDefault(), show(true)));
  pane.addEventListener("dragleave", (event) => pane.contains(event.relatedTarget) || show(false));
  pane.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    show(false);
    take([...event.dataTransfer.files]);
  });
}

function actorName(actor, chat) {
  if (actor.id === "anonymous") return "Anonymous admin";
  return actor.id === null ? chat.title : personName(actor.user);
}

function actorHint(actor, chat) {
  if (actor.id === "anonymous") return `${personName(actor.user)}, shown as the group`;
  if (actor.id === null) return `${personName(actor.user)} posts as the channel`;
  if (chat.type === "channel") return "reader";
  return { creator: "owner of the group", administrator: "admin", left: "not a member", kicked: "banned" }[actor.role] ?? "member";
}

function actorIcon(actor) {
  if (actor.id === "anonymous") return "mask";
  return actor.id === null ? "channel" : "user";
}

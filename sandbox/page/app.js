// Wires the page: one store, fed by the control API and its events; the views draw from it.

import { Actions } from "./actions.js";
import { api, Events } from "./api.js";
import { ChatList, nameOf } from "./chatlist.js";
import { Composer, takeDrops } from "./composer.js";
import { icon } from "./dom.js";
import { actionWords, drawWelcome, Header, themeButton } from "./header.js";
import { History } from "./history.js";
import { announce, closeMenu, toast } from "./notices.js";
import { Store } from "./store.js";
import { preview, senderName } from "./text.js";

const byId = (id) => document.getElementById(id);

const ACTION_MS = 5500; // how long Telegram shows a chat action
const COUNTED = 20; // chats whose unread messages are counted at start
const phone = matchMedia("(max-width: 760px)");
const touch = matchMedia("(pointer: coarse)");

class App {
  #chat = null;
  #behind = false; // whether the stream broke since the state was read
  #stateTimer = 0;
  #actionTimers = new Map();

  constructor() {
    this.store = new Store();
    this.actions = new Actions(this.store, {
      chat: () => this.#chat,
      open: (chat) => this.open(chat),
      send: (chat, text) => this.#sendIn(chat, text),
      write: (text) => this.composer.write(text),
      reply: (message) => this.composer.reply(message),
      jump: (id) => this.#jump(id),
    });
    this.composer = new Composer(this.store, {
      sent: (chat, message) => this.#put(chat, message, false),
      actor: (chat, actor) => this.#act(chat, actor),
      up: () => this.history.step(null, 0),
    });
    this.header = new Header(this.store, { block: (blocked) => this.#block(blocked), jump: (id) => this.#jump(id) });
    this.list = new ChatList(byId("chats"), byId("search"), this.store, { open: (chat) => this.open(chat) });
    this.events = new Events({ event: (event) => this.#event(event), open: () => this.#online(), lost: () => this.#offline() });
    this.#makeHistory();
  }

  #makeHistory() {
    const store = this.store;
    const context = this.actions.context({
      onEnd: (chat) => this.#seen(chat),
      onError: (error) => toast(error.message),
    });
    Object.defineProperty(context, "botUsername", { get: () => store.bot?.username });
    const elements = { scroller: byId("scroller"), list: byId("messages"), down: byId("to-end"), count: byId("fresh") };
    elements.down.prepend(icon("down"));
    this.history = new History(elements, store, context);
  }

  async start() {
    themeButton(byId("theme"));
    this.#listen();
    await this.#readState();
    this.#route();
    await this.#countUnread();
  }

  /** Reads the state until it is there, then follows the events from that point on. */
  async #readState() {
    for (let wait = 500; ; wait = Math.min(wait * 2, 5000)) {
      try {
        const state = await api.state();
        this.store.take(state);
        this.events.start(state.events ?? null);
        break;
      } catch {
        this.#offline();
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
    this.#drawAll();
  }

  #listen() {
    byId("back").addEventListener("click", () => this.#back());
    addEventListener("popstate", () => this.#route());
    addEventListener("focus", () => this.#chat && this.history.atEnd && this.#seen(this.#chat));
    phone.addEventListener("change", () => this.#route());
    document.addEventListener("keydown", (event) => this.#key(event));
    byId("messages").addEventListener("contextmenu", (event) => this.#contextMenu(event));
    byId("messages").addEventListener("keydown", (event) => this.#messageKey(event));
    takeDrops(byId("chat-pane"), byId("drop"), (files) => this.#chat && this.composer.attach(files));
  }

  // Which chat is open stands in the address, so that the browser's own back works.

  open(chat, { replace = !phone.matches } = {}) {
    closeMenu();
    const entry = [{ inner: !replace }, "", `#${chat.id}`];
    if (this.#chat !== chat || location.hash !== entry[2]) history[replace ? "replaceState" : "pushState"](...entry);
    this.#show(chat);
  }

  #route() {
    const chat = this.store.chats.get(Number(location.hash.slice(1)));
    if (chat) this.#show(chat);
    else if (phone.matches) this.#showList();
    else if (this.store.chats.size > 0) this.open([...this.store.chats.values()][0], { replace: true });
    else this.#showList();
  }

  #back() {
    if (history.state?.inner) return history.back();
    history.replaceState(null, "", location.pathname);
    return this.#showList();
  }

  #showList() {
    const left = this.#chat;
    this.#chat = null;
    this.history.show(null);
    this.composer.show(null);
    byId("app").dataset.pane = "list";
    byId("chat").hidden = true;
    byId("nothing").hidden = false;
    this.list.activate(null);
    if (left) this.list.focus(left.id);
  }

  async #show(chat) {
    if (this.#chat === chat) return this.#focusChat();
    this.#chat = chat;
    byId("app").dataset.pane = "chat";
    byId("nothing").hidden = true;
    byId("chat").hidden = false;
    this.#drawChat();
    this.history.show(chat);
    this.composer.show(chat);
    this.#focusChat();
    return this.#load(chat);
  }

  async #load(chat) {
    try {
      await this.store.loadNewest(chat);
    } catch (error) {
      toast(error.message);
    }
    if (chat !== this.#chat) return;
    this.history.show(chat);
    this.#drawChat();
  }

  #focusChat() {
    if (touch.matches) byId("chat-title").focus({ preventScroll: true });
    else if (!this.composer.form.hidden) this.composer.input.focus({ preventScroll: true });
    else byId("bottom-action").querySelector("button")?.focus({ preventScroll: true });
  }

  #drawAll() {
    this.list.draw();
    if (this.#chat && !this.store.chats.has(this.#chat.id)) this.#showList();
    else if (this.#chat) this.#drawChat();
  }

  #drawChat() {
    const focus = document.activeElement; // drawing may take away what holds it
    const waited = [document.body, this.composer.input].includes(focus) || byId("bottom-action").contains(focus);
    this.header.draw(this.#chat);
    this.composer.refresh();
    drawWelcome(this.#chat, this.store);
    this.list.activate(this.#chat.id);
    this.#titlePage();
    if (waited && !touch.matches) this.#focusChat();
  }

  #titlePage() {
    const unread = [...this.store.chats.values()].reduce((sum, chat) => sum + chat.unread, 0);
    document.title = unread > 0 ? `(${unread}) Tidings sandbox` : "Tidings sandbox";
  }

  // Events

  #event(event) {
    const chat = this.store.chats.get(event.chat_id);
    const take = {
      message: () => this.#put(chat, event.message, true),
      edited: () => this.#put(chat, event.message, true),
      deleted: () => this.#remove(chat, event.message_id ?? event.message?.message_id),
      pinned: () => this.#pin(chat, event),
      chat_action: () => this.#setAction(chat, event.action),
      callback_answer: () => this.actions.answered(event.callback),
      commands: () => this.#commandsChanged(),
      chat: () => this.#stateSoon(),
    }[event.type];
    const wantsChat = !["callback_answer", "commands", "chat"].includes(event.type);
    if (wantsChat && !chat) this.#stateSoon();
    else take?.();
  }

  #put(chat, message, live) {
    const known = chat.find(message.message_id) !== null || message.message_id <= (chat.last?.message_id ?? 0);
    const older = chat.messages.length > 0 && message.message_id < chat.messages[0].message_id;
    if (!older && (chat.loaded || chat.last?.message_id <= message.message_id || !chat.last)) chat.put(message);
    const own = this.store.isOwn(chat, message);
    if (!known && !older && live && !own) this.#arrived(chat, message);
    if (this.store.isFromBot(message)) this.#setAction(chat, null);
    if (chat === this.#chat) this.#drawAfter(known, own, message);
    this.list.refresh();
  }

  #arrived(chat, message) {
    const looking = chat === this.#chat && this.history.atEnd && document.hasFocus();
    if (!looking && message.message_id > this.store.readMark(chat)) chat.unread += 1;
    else if (looking) this.store.markRead(chat);
    const { title, persona } = nameOf(chat, this.store);
    const where = persona === null ? title : `${title}, as ${persona}`;
    announce(chat === this.#chat ? `${senderName(message)}: ${preview(message)}` : `New message in ${where}`);
    this.#titlePage();
  }

  #drawAfter(known, own, message) {
    const started = !byId("bottom-action").hidden;
    this.history.refresh(known || own ? 0 : 1, known ? null : message.message_id);
    if (own && !known) this.history.toEnd();
    if (started || message.reply_markup?.keyboard || message.reply_markup?.remove_keyboard || message.reply_markup?.force_reply) this.#drawChat();
    else this.header.draw(this.#chat);
  }

  #remove(chat, id) {
    chat.remove(id);
    if (chat === this.#chat) {
      this.history.refresh();
      this.#drawChat();
    }
    this.list.refresh();
  }

  #pin(chat, event) {
    chat.pinned = event.message ?? (event.message_id ? chat.find(event.message_id) : null);
    if (chat === this.#chat) this.header.draw(chat);
  }

  #setAction(chat, action) {
    clearTimeout(this.#actionTimers.get(chat.id));
    const words = action ? actionWords(action) : null;
    if (words) this.#actionTimers.set(chat.id, setTimeout(() => this.#setAction(chat, null), ACTION_MS));
    if (chat.action === words) return;
    chat.action = words;
    if (chat === this.#chat) this.header.draw(chat);
    this.list.refresh();
  }

  #commandsChanged() {
    this.store.commands.clear();
    this.composer.refresh();
  }

  #stateSoon() {
    clearTimeout(this.#stateTimer);
    this.#stateTimer = setTimeout(() => this.#refreshState(), 150);
  }

  async #refreshState() {
    try {
      this.store.take(await api.state());
    } catch {
      return; // the stream's own error says that the sandbox is away
    }
    if (this.#chat) this.#chat = this.store.chats.get(this.#chat.id) ?? this.#chat;
    this.#drawAll();
  }

  #offline() {
    this.#behind = true;
    byId("offline").hidden = false;
  }

  async #online() {
    byId("offline").hidden = true;
    if (!this.#behind) return;
    this.#behind = false;
    await this.#catchUp();
  }

  /** After a gap the server may have begun again at a lower number: then the stream starts anew from there. */
  async #catchUp() {
    try {
      const state = await api.state();
      this.store.take(state);
      if (state.events < (this.events.last ?? 0)) this.events.start(state.events);
      for (const chat of this.store.chats.values()) if (chat !== this.#chat) chat.unload();
      if (this.#chat) await this.store.loadNewest(this.#chat);
    } catch {
      return this.#offline();
    }
    this.history.refresh();
    this.#countUnread();
    return this.#drawAll();
  }

  /** Messages that came while the page was closed count as unread. */
  async #countUnread() {
    const behind = this.list.ordered().filter((chat) => chat.last && chat.last.message_id > this.store.readMark(chat) && chat !== this.#chat);
    for (const chat of behind.slice(0, COUNTED)) {
      await this.store.loadNewest(chat).catch(() => null);
      if (chat !== this.#chat) this.store.countUnread(chat);
    }
    this.list.refresh();
    this.#titlePage();
  }

  #seen(chat) {
    if (!chat.loaded || !document.hasFocus()) return;
    const had = chat.unread > 0;
    this.store.markRead(chat);
    if (!had) return;
    this.list.refresh();
    this.#titlePage();
  }

  // What a person does

  #act(chat, actor) {
    this.store.actors.set(chat.id, actor);
    this.history.refresh();
    this.#drawChat();
    this.#focusChat();
  }

  #block(blocked) {
    this.composer.setBlocked(blocked).then(() => this.#drawChat());
  }

  #sendIn(chat, text) {
    if (this.#chat !== chat) this.open(chat);
    return this.composer.send(text);
  }

  async #jump(id) {
    const found = await this.history.jump(id).catch((error) => toast(error.message));
    if (found === false) toast("That message is gone.");
  }

  #contextMenu(event) {
    const element = event.target.closest(".message:not(.service)");
    if (!element || event.target.closest("a, input") || String(getSelection())) return;
    event.preventDefault();
    const message = this.#chat.find(Number(element.dataset.id));
    this.actions.menu(message, { x: event.clientX, y: event.clientY });
  }

  #messageKey(event) {
    if (!event.target.classList.contains("message") || event.altKey) return;
    const message = this.#chat.find(Number(event.target.dataset.id));
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step) this.history.step(event.target, step) || this.composer.input.focus();
    else if (event.key === "Enter" && message) this.actions.menu(message, event.target.querySelector(".bubble") ?? event.target);
    else if (event.key === "End") this.history.toEnd();
    else return;
    event.preventDefault();
  }

  #key(event) {
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (event.altKey && ["ArrowUp", "ArrowDown"].includes(event.key)) this.#stepChat(event);
    else if (event.key === "Escape") this.#escape(event);
  }

  #stepChat(event) {
    event.preventDefault();
    const chats = this.list.ordered();
    const at = chats.indexOf(this.#chat);
    const next = chats[at + (event.key === "ArrowDown" ? 1 : -1)];
    if (next) this.open(next, { replace: this.#chat !== null });
  }

  #escape(event) {
    if (!this.#chat) return;
    event.preventDefault();
    if (event.target.closest("#messages")) this.composer.input.focus();
    else if (phone.matches) this.#back();
    else this.list.focus(this.#chat.id);
  }
}

const app = new App();
await app.start();
document.documentElement.dataset.ready = "true"; // tests and screen recorders wait for this

// The list of chats.

import { avatar } from "./bubble.js";
import { h, icon } from "./dom.js";
import { listTime, personName, plural, preview, senderName } from "./text.js";

const MOST = 100; // rows shown until more are asked for
const MANY = 30; // rows from which on a push to all would keep the page busy drawing
const BREATH_MS = 150;

/** How a chat is called: {title, persona, avatar}. A private chat is named for the bot, as its user sees it. */
export function nameOf(chat, store) {
  if (chat.type !== "private") {
    const kind = chat.type === "channel" ? "channel" : "group";
    return { title: chat.title ?? "Chat", persona: null, face: () => avatar(chat.title ?? "?", chat.id, kind) };
  }
  const user = store.users.get(chat.id);
  const persona = personName(user);
  const title = store.bot ? personName(store.bot) : persona;
  return { title, persona, face: () => avatar(persona, chat.id) };
}

export function personaChip(persona) {
  return persona === null ? null : h("span", { class: "persona" }, `as ${persona}`);
}

export class ChatList {
  #limit = MOST;
  #timer = 0;
  #active = null;

  /** `on` is {open(chat)}. */
  constructor(box, search, store, on) {
    Object.assign(this, { box, search, store, on });
    search.addEventListener("input", () => this.refresh());
    search.addEventListener("keydown", (event) => event.key === "ArrowDown" && this.#move(event, -1, 1));
    box.addEventListener("keydown", (event) => this.#key(event));
  }

  activate(id) {
    this.#active = id;
    this.draw();
  }

  refresh() {
    const wait = this.box.childElementCount > MANY ? BREATH_MS : 16;
    this.#timer ||= setTimeout(() => {
      this.#timer = 0;
      this.draw();
    }, wait);
  }

  /** Chats in the order shown: latest first, those without a message as the sandbox made them. */
  ordered() {
    const chats = [...this.store.chats.values()];
    return chats.sort((a, b) => (b.last?.date ?? 0) - (a.last?.date ?? 0));
  }

  draw() {
    const words = this.search.value.trim().toLowerCase();
    const all = this.ordered().filter((chat) => this.#matches(chat, words));
    const focused = document.activeElement?.closest?.("#chats .chat-row")?.dataset.id;
    const rows = all.slice(0, this.#limit).map((chat) => h("li", {}, this.#row(chat)));
    this.box.replaceChildren(...rows, ...this.#rest(all.length));
    if (focused) this.focus(focused);
  }

  #matches(chat, words) {
    const { title, persona } = nameOf(chat, this.store);
    return words === "" || `${title} ${persona ?? ""}`.toLowerCase().includes(words);
  }

  #rest(total) {
    if (total === 0) return [h("li", { class: "no-chats" }, "No chat has this name.")];
    if (total <= this.#limit) return [];
    const more = h("button", { type: "button", class: "line-button", onclick: () => ((this.#limit += MOST), this.draw()) }, "Show more chats");
    return [h("li", { class: "no-chats" }, more)];
  }

  #row(chat) {
    const { title, persona, face } = nameOf(chat, this.store);
    const active = chat.id === this.#active;
    return h(
      "button",
      {
        type: "button", class: "chat-row", dataset: { id: chat.id }, "aria-current": active ? "true" : null, onclick: () => this.on.open(chat),
      },
      face(),
      h(
        "span",
        { class: "row-words" },
        h("span", { class: "row-top" }, h("span", { class: "row-title", dir: "auto" }, title), personaChip(persona), this.#time(chat)),
        h("span", { class: "row-bottom" }, this.#line(chat), this.#badge(chat)),
      ),
    );
  }

  #time(chat) {
    return chat.last ? h("time", { class: "row-time" }, listTime(chat.last.date, Date.now())) : null;
  }

  #line(chat) {
    if (chat.action) return h("span", { class: "row-preview typing" }, `${chat.action}…`);
    if (!chat.last) return h("span", { class: "row-preview" }, chat.type === "private" ? "Say hello: press Start" : "No messages yet");
    const sender = chat.type === "group" || chat.type === "supergroup" ? h("span", { class: "row-sender" }, `${senderName(chat.last)}: `) : null;
    return h("span", { class: "row-preview", dir: "auto" }, ...[sender, preview(chat.last)].filter(Boolean));
  }

  #badge(chat) {
    if (chat.blocked) return h("span", { class: "row-mark" }, icon("block"), h("span", { class: "visually-hidden" }, "blocked"));
    if (chat.unread === 0) return null;
    const label = plural(chat.unread, "unread message", "unread messages");
    return h("span", { class: "badge" }, h("span", { "aria-hidden": "true" }, chat.unread > 999 ? "999+" : String(chat.unread)), h("span", { class: "visually-hidden" }, label));
  }

  #key(event) {
    const rows = [...this.box.querySelectorAll(".chat-row")];
    const at = rows.indexOf(document.activeElement);
    if (at < 0 || event.altKey) return;
    if (event.key === "ArrowDown") this.#move(event, at, 1);
    if (event.key === "ArrowUp" && at > 0) this.#move(event, at, -1);
    if (event.key === "ArrowUp" && at === 0) this.search.focus();
  }

  #move(event, at, by) {
    event.preventDefault();
    this.box.querySelectorAll(".chat-row")[at + by]?.focus();
  }

  focus(id) {
    const row = this.box.querySelector(`.chat-row[data-id="${id}"]`) ?? this.box.querySelector(".chat-row");
    row?.focus({ preventScroll: false });
  }
}

// The open chat's header: its name, what the bot is doing, the chat menu, the pinned message; and the page's theme.

import { api } from "./api.js";
import { h, icon } from "./dom.js";
import { nameOf, personaChip } from "./chatlist.js";
import { showMenu, toast } from "./notices.js";
import { personName, plural, preview } from "./text.js";

const byId = (id) => document.getElementById(id);

const ACTIONS = {
  typing: "typing",
  upload_document: "sending a file",
  upload_photo: "sending a photo",
  upload_video: "sending a video",
  record_voice: "recording",
  choose_sticker: "choosing a sticker",
  find_location: "looking for a place",
};

export const actionWords = (action) => ACTIONS[action] ?? "working";

/** `on` is {block(blocked), jump(id)}. */
export class Header {
  constructor(store, on) {
    Object.assign(this, { store, on });
    byId("chat-menu").append(icon("more"));
    byId("back").append(icon("back"));
    byId("chat-menu").addEventListener("click", (event) => this.#menu(event.currentTarget));
    byId("pinned").addEventListener("click", () => this.chat?.pinned && on.jump(this.chat.pinned.message_id));
  }

  draw(chat) {
    this.chat = chat;
    const { title, persona, face } = nameOf(chat, this.store);
    byId("chat-avatar").replaceChildren(face());
    byId("chat-title").replaceChildren(...[h("span", { dir: "auto" }, title), personaChip(persona)].filter(Boolean));
    byId("chat-status").textContent = chat.action ? `${chat.action}…` : this.#status(chat);
    byId("chat-status").classList.toggle("typing", chat.action !== null);
    this.#drawPinned(chat);
    byId("chat-menu").hidden = this.#items(chat).length === 0;
  }

  #status(chat) {
    if (chat.type === "private") return chat.blocked ? "blocked" : "bot";
    const members = (chat.view.members ?? []).filter((member) => !["left", "kicked"].includes(member.status));
    if (chat.type === "channel") return plural(members.length, "subscriber", "subscribers");
    return plural(members.length, "member", "members");
  }

  #drawPinned(chat) {
    const bar = byId("pinned");
    bar.hidden = !chat.pinned;
    if (!chat.pinned) return;
    const words = h("span", { class: "strip-words" }, h("strong", {}, "Pinned message"), h("span", { dir: "auto" }, preview(chat.pinned)));
    bar.replaceChildren(icon("pin"), words);
  }

  #menu(anchor) {
    showMenu(anchor, this.#items(this.chat), "Chat menu");
  }

  #items(chat) {
    if (!this.store.bot) return [];
    if (chat.type === "private") return [this.#blockItem(chat)];
    const name = personName(this.store.bot);
    const isIn = this.store.botIsIn(chat);
    const rights = chat.type === "channel" ? "administrator" : "member";
    const admin = this.store.isAdmin(chat, this.store.bot.id);
    const join = { label: `Add ${name}`, icon: "user", run: () => this.#member(chat, rights) };
    const promote = admin
      ? { label: `Take ${name}'s admin rights`, icon: "user", run: () => this.#member(chat, "member") }
      : { label: `Make ${name} an admin`, icon: "user", run: () => this.#member(chat, "administrator") };
    const leave = { label: `Remove ${name}`, icon: "block", danger: true, run: () => this.#member(chat, "kicked") };
    if (!isIn) return [join];
    return chat.type === "channel" ? [leave] : [promote, leave];
  }

  #blockItem(chat) {
    return chat.blocked
      ? { label: "Unblock the bot", icon: "check", run: () => this.on.block(false) }
      : { label: "Block the bot", hint: "The bot sees that you are gone", icon: "block", danger: true, run: () => this.on.block(true) };
  }

  async #member(chat, status) {
    try {
      await api.setMember(chat.id, this.store.bot.id, status);
    } catch (error) {
      toast(error.message);
    }
  }
}

/** What stands in a chat where nothing was written yet. */
export function drawWelcome(chat, store) {
  const box = byId("welcome");
  box.hidden = !(chat.loaded && chat.messages.length === 0);
  if (box.hidden) return;
  const { title, face } = nameOf(chat, store);
  const story = store.bot?.description || "Press Start, and the bot says what it can do.";
  const words = chat.type === "private" ? story : "Nothing was written here yet.";
  box.replaceChildren(face(), h("h3", { dir: "auto" }, title), h("p", { dir: "auto" }, words));
}

const THEMES = ["system", "light", "dark"];

/** The theme button goes round: as the system, light, dark. */
export function themeButton(button) {
  const draw = () => {
    const theme = localStorage.getItem("theme") ?? "system";
    const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    const label = `Theme: ${theme}. Change to ${next}`;
    button.replaceChildren(icon(theme));
    button.setAttribute("aria-label", label);
    button.title = label;
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    return next;
  };
  let next = draw();
  button.addEventListener("click", () => {
    localStorage.setItem("theme", next);
    next = draw();
  });
}

// What the page knows: users, chats and the messages loaded so far. Elements are made from it, never read back.

import { api } from "./api.js";

const PAGE = 50;

/** Where `id` stands, or would stand, in messages ordered by id. */
export function placeOf(messages, id) {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (messages[middle].message_id < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

class Chat {
  constructor(view) {
    this.messages = []; // a gapless run, oldest first, up to the newest
    this.more = true; // whether older ones exist on the server
    this.loaded = false;
    this.unread = 0;
    this.action = null;
    this.pinned = null;
    this.journals = new Set(); // what changed while pages were on their way
    this.update(view);
  }

  update(view) {
    Object.assign(this, { view, id: view.id, type: view.type, title: view.title, blocked: view.blocked });
    this.last = view.last_message ?? null;
    if (view.pinned_message !== undefined) this.pinned = view.pinned_message;
  }

  get newest() {
    return this.messages.at(-1) ?? this.last;
  }

  find(id) {
    const found = this.messages[placeOf(this.messages, id)];
    return found?.message_id === id ? found : null;
  }

  /** Forgets the messages, which are read again when they are looked at. */
  unload() {
    Object.assign(this, { messages: [], more: true, loaded: false });
  }

  put(message) {
    for (const journal of this.journals) journal.push(() => this.#place(message));
    this.#place(message);
  }

  remove(id) {
    for (const journal of this.journals) journal.push(() => this.#drop(id));
    this.#drop(id);
  }

  /** Takes a page of messages in; what changed after the server made it is done once more on top. */
  async take(fetched, arrange) {
    const journal = [];
    this.journals.add(journal);
    try {
      arrange(await fetched);
    } finally {
      this.journals.delete(journal);
    }
    for (const change of journal) change();
  }

  #place(message) {
    if (this.more && message.message_id < (this.messages[0]?.message_id ?? 0)) return; // not loaded yet
    const at = placeOf(this.messages, message.message_id);
    const known = this.messages[at]?.message_id === message.message_id;
    this.messages.splice(at, known ? 1 : 0, message);
    if (this.pinned?.message_id === message.message_id) this.pinned = message;
    if (!this.last || this.last.message_id <= message.message_id) this.last = message;
  }

  #drop(id) {
    const at = placeOf(this.messages, id);
    if (this.messages[at]?.message_id === id) this.messages.splice(at, 1);
    if (this.pinned?.message_id === id) this.pinned = null;
    if (this.last?.message_id === id) this.last = this.messages.at(-1) ?? null;
  }
}

export class Store {
  bot = null;
  users = new Map();
  chats = new Map();
  actors = new Map(); // chat id -> user id | "anonymous" | null (the channel itself)
  defaultViewer = null;
  commands = new Map();

  take(state) {
    this.bot = state.bot;
    this.defaultViewer = state.default_viewer;
    this.users = new Map(state.users.map((user) => [user.id, user]));
    const known = this.chats;
    this.chats = new Map();
    for (const view of state.chats) {
      const chat = known.get(view.id);
      chat?.update(view);
      this.chats.set(view.id, chat ?? new Chat(view));
    }
    this.commands.clear();
  }

  viewers(chat) {
    const listed = chat.view.viewers ?? [];
    return listed.map((id) => this.users.get(id)).filter(Boolean);
  }

  status(chat, userId) {
    return chat.view.members?.find((member) => member.user.id === userId)?.status ?? "left";
  }

  isAdmin(chat, userId) {
    return ["creator", "administrator"].includes(this.status(chat, userId));
  }

  botIsIn(chat) {
    return chat.type === "private" || !["left", "kicked"].includes(this.status(chat, this.bot?.id));
  }

  /** Who may act in a chat: [{id, name, hint}]; the id is what the control API calls `from`. */
  actorsOf(chat) {
    const people = this.viewers(chat).map((user) => ({ id: user.id, user, role: this.status(chat, user.id) }));
    if (chat.type === "channel") {
      const admin = people.find((person) => this.isAdmin(chat, person.id));
      return [...(admin ? [{ id: null, user: admin.user, role: "channel" }] : []), ...people.filter((person) => person !== admin)];
    }
    const admin = people.find((person) => this.isAdmin(chat, person.id));
    return chat.type !== "private" && admin ? [...people, { id: "anonymous", user: admin.user, role: "anonymous" }] : people;
  }

  actor(chat) {
    const options = this.actorsOf(chat);
    const chosen = options.find((option) => option.id === this.actors.get(chat.id));
    return chosen ?? options.find((option) => option.id === this.defaultViewer) ?? options[0] ?? null;
  }

  isOwn(chat, message) {
    if (chat.type === "channel") return false;
    const actor = this.actor(chat);
    if (actor?.id === "anonymous") return message.sender_chat?.id === chat.id;
    return !message.sender_chat && message.from?.id === actor?.id;
  }

  isFromBot(message) {
    return !message.sender_chat && message.from?.id === this.bot?.id;
  }

  async loadNewest(chat) {
    await chat.take(api.messages(chat.id, null, PAGE), (page) => {
      const first = page.messages[0]?.message_id;
      const joins = first !== undefined && chat.find(first) !== null; // else there may be a gap between
      const older = joins ? chat.messages.slice(0, placeOf(chat.messages, first)) : [];
      chat.messages = [...older, ...page.messages];
      chat.more = older.length > 0 ? chat.more : page.more;
      chat.last = chat.messages.at(-1) ?? null;
      chat.loaded = true;
    });
  }

  /** Loads one page further back. */
  async loadOlder(chat) {
    await chat.take(api.messages(chat.id, chat.messages[0]?.message_id, PAGE), (page) => {
      const before = chat.messages[0]?.message_id ?? Infinity;
      const fresh = page.messages.filter((message) => message.message_id < before);
      chat.messages = [...fresh, ...chat.messages];
      chat.more = page.more && fresh.length > 0;
    });
  }

  async commandsFor(chat) {
    const user = this.actor(chat)?.user;
    if (!user) return { commands: [], menu_button: null };
    const key = `${chat.id}:${user.id}`;
    if (!this.commands.has(key)) this.commands.set(key, api.commands(chat.id, user.id));
    return this.commands.get(key);
  }

  /** Kept per bot: a world made anew has another one, and counts its messages from 1 again. */
  #readKey(chat) {
    return `read:${this.bot?.id}:${chat.id}`;
  }

  readMark(chat) {
    return Number(localStorage.getItem(this.#readKey(chat)) ?? 0);
  }

  markRead(chat) {
    chat.unread = 0;
    if (chat.newest) localStorage.setItem(this.#readKey(chat), String(chat.newest.message_id));
  }

  /** Counts what came since the chat was last looked at, as far as it is loaded. */
  countUnread(chat) {
    const mark = this.readMark(chat);
    const known = chat.messages.length > 0 ? chat.messages : [chat.last].filter(Boolean);
    chat.unread = known.filter((message) => message.message_id > mark && !this.isOwn(chat, message)).length;
  }
}

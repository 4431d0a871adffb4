// The messages of the open chat: a window over the loaded ones, so that the page stays light however long the chat is.

import { h } from "./dom.js";
import { bubble } from "./bubble.js";
import { dayKey, dayTitle, plural } from "./text.js";
import { placeOf } from "./store.js";

const STEP = 50; // messages added when the reader comes near an end
const MOST = 160; // messages kept as elements
const NEAR = 700; // px from an end at which more are added
const AT_END = 48; // px from the bottom that still count as being there
const RUN_SECONDS = 300; // one sender's messages this close form one run
const LEAVE_MS = 220;

const sameSender = (a, b) => (a.sender_chat?.id ?? a.from?.id) === (b.sender_chat?.id ?? b.from?.id);

export class History {
  #chat = null;
  #first = 0; // id of the window's first message
  #last = Infinity; // id of its last; Infinity: it follows the newest
  #nodes = new Map(); // key -> {element, stamp}
  #loading = false;
  #atEnd = true;
  #fresh = 0;
  #frame = 0;
  #arrived = new Set(); // ids of messages that came while the chat was open

  /** `elements` is {scroller, list, down, count}. */
  constructor(elements, store, context) {
    Object.assign(this, { ...elements, store, context });
    this.scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.down.addEventListener("click", () => this.toEnd());
    new ResizeObserver(() => this.#atEnd && this.#stick()).observe(this.scroller);
    new ResizeObserver(() => this.#atEnd && this.#stick()).observe(this.list);
  }

  get atEnd() {
    return this.#atEnd && this.#last === Infinity;
  }

  show(chat) {
    this.#chat = chat;
    this.#forget();
    if (chat) this.#openAtEnd();
  }

  #forget() {
    this.#nodes.clear();
    this.list.replaceChildren();
    this.#fresh = 0;
  }

  #openAtEnd() {
    const { messages } = this.#chat;
    this.#first = messages.at(-STEP)?.message_id ?? 0;
    this.#last = Infinity;
    this.#atEnd = true;
    this.render();
    this.#stick();
    this.#scrolled();
  }

  /** Asks for a render in the next frame: a burst of events costs one. */
  refresh(added = 0, arrived = null) {
    if (!this.atEnd) this.#fresh += added;
    if (arrived !== null) this.#arrived.add(arrived);
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.render();
    });
  }

  render() {
    if (!this.#chat) return;
    this.#trimWhileFollowing();
    const anchor = this.#atEnd ? null : this.#anchor();
    this.#reconcile(this.#rows());
    if (this.#atEnd && this.#last === Infinity) this.#stick();
    else if (anchor) this.#restore(anchor);
    this.#showDown();
  }

  #bounds() {
    const { messages } = this.#chat;
    const low = placeOf(messages, this.#first);
    const high = this.#last === Infinity ? messages.length : placeOf(messages, this.#last + 1);
    return [low, Math.max(low, high)];
  }

  #trimWhileFollowing() {
    const [low, high] = this.#bounds();
    if (high - low <= MOST) return;
    const { messages } = this.#chat;
    if (this.#atEnd) this.#first = messages[high - STEP].message_id;
    else this.#last = messages[low + MOST - 1].message_id;
  }

  #rows() {
    const [low, high] = this.#bounds();
    const { messages, type } = this.#chat;
    const rows = [];
    for (let at = low; at < high; at += 1) {
      const [before, message, after] = [messages[at - 1], messages[at], messages[at + 1]];
      const newDay = !before || dayKey(before.date) !== dayKey(message.date);
      if (newDay) rows.push(dayRow(message));
      const first = newDay || !joins(before, message);
      const last = !after || dayKey(after.date) !== dayKey(message.date) || !joins(message, after);
      const own = this.store.isOwn(this.#chat, message);
      const view = { own, first, last, named: type !== "private", faces: type.endsWith("group"), topic: topicOf(this.#chat, message) };
      rows.push({ key: `m${message.message_id}`, stamp: `${own}${first}${last}`, message, make: () => bubble(message, view, this.context) });
    }
    return rows;
  }

  #reconcile(rows) {
    const wanted = new Set(rows.map((row) => row.key));
    for (const [key, node] of this.#nodes) {
      if (wanted.has(key)) continue;
      this.#nodes.delete(key);
      this.#leave(key, node.element);
    }
    let cursor = this.list.firstElementChild;
    for (const row of rows) {
      while (cursor?.classList.contains("leaving")) cursor = cursor.nextElementSibling;
      const known = this.#nodes.get(row.key)?.element;
      const element = this.#elementOf(row);
      if (known && known === cursor) cursor = element;
      if (element === cursor) cursor = cursor.nextElementSibling;
      else this.list.insertBefore(element, cursor);
    }
  }

  #elementOf(row) {
    const known = this.#nodes.get(row.key);
    if (known && known.stamp === row.stamp && known.message === row.message) return known.element;
    const element = row.make();
    if (row.message && this.#arrived.delete(row.message.message_id)) element.classList.add("arrived");
    if (known) replaceKeepingFocus(known.element, element);
    this.#nodes.set(row.key, { element, stamp: row.stamp, message: row.message });
    return element;
  }

  #leave(key, element) {
    const deleted = key.startsWith("m") && !this.#chat.find(Number(key.slice(1)));
    if (!deleted || matchMedia("(prefers-reduced-motion: reduce)").matches) return element.remove();
    element.style.height = `${element.offsetHeight}px`;
    element.classList.add("leaving");
    element.inert = true;
    setTimeout(() => element.remove(), LEAVE_MS);
  }

  #anchor() {
    const top = this.scroller.getBoundingClientRect().top;
    for (const element of this.list.children) {
      const box = element.getBoundingClientRect();
      const stays = element.dataset.id && !element.classList.contains("leaving") && this.#chat.find(Number(element.dataset.id));
      if (stays && box.bottom > top) return { id: element.dataset.id, offset: box.top };
    }
    return null;
  }

  #restore({ id, offset }) {
    const element = this.elementFor(id);
    if (element) this.scroller.scrollTop += element.getBoundingClientRect().top - offset;
  }

  elementFor(id) {
    return this.#nodes.get(`m${id}`)?.element ?? null;
  }

  #stick() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  #scrolled() {
    if (!this.#chat) return;
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    const left = scrollHeight - scrollTop - clientHeight;
    this.#atEnd = left < AT_END;
    if (this.atEnd) this.#reachedEnd();
    if (scrollTop < NEAR) this.#older();
    else if (left < NEAR && this.#last !== Infinity) this.#newer();
    this.#showDown();
  }

  #reachedEnd() {
    this.#fresh = 0;
    this.context.onEnd(this.#chat);
  }

  async #older() {
    const chat = this.#chat;
    const [low] = this.#bounds();
    if (low === 0 && (!chat.more || !chat.loaded || this.#loading)) return;
    if (low === 0) await this.#fetchOlder(chat);
    if (chat !== this.#chat) return;
    const at = placeOf(chat.messages, this.#first);
    if (at === 0) return;
    this.#first = chat.messages[Math.max(0, at - STEP)].message_id;
    const [from, to] = this.#bounds();
    if (to - from > MOST && !this.#atEnd) this.#last = chat.messages[from + MOST - 1].message_id;
    this.render();
  }

  async #fetchOlder(chat) {
    this.#loading = true;
    this.list.classList.add("loading");
    try {
      await this.store.loadOlder(chat);
    } catch (error) {
      this.context.onError(error);
    } finally {
      this.#loading = false;
      this.list.classList.remove("loading");
    }
  }

  #newer() {
    const { messages } = this.#chat;
    const to = Math.min(messages.length, placeOf(messages, this.#last + 1) + STEP);
    this.#last = to === messages.length ? Infinity : messages[to - 1].message_id;
    const [low, high] = this.#bounds();
    if (high - low > MOST) this.#first = messages[high - MOST].message_id;
    this.#atEnd = false;
    this.render();
  }

  toEnd() {
    if (this.#last !== Infinity) return this.#openAtEnd();
    this.#fresh = 0;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior: calm ? "auto" : "smooth" });
    return undefined;
  }

  #showDown() {
    this.down.hidden = this.atEnd;
    this.count.textContent = this.#fresh > 0 ? String(this.#fresh) : "";
    const label = this.#fresh > 0 ? plural(this.#fresh, "new message", "new messages") : "To the newest message";
    this.down.setAttribute("aria-label", label);
  }

  /** Brings a message into view, loading older ones as far as it takes; false where it is gone. */
  async jump(id) {
    const chat = this.#chat;
    while (!chat.find(id) && chat.more && (chat.messages[0]?.message_id ?? 0) > id) await this.store.loadOlder(chat);
    if (chat !== this.#chat || !chat.find(id)) return false;
    const at = placeOf(chat.messages, id);
    const [low, high] = this.#bounds();
    if (at < low || at >= high) this.#windowAround(at);
    this.#flash(this.elementFor(id));
    return true;
  }

  #windowAround(at) {
    const { messages } = this.#chat;
    const to = Math.min(messages.length, at + STEP);
    this.#first = messages[Math.max(0, at - STEP)].message_id;
    this.#last = to === messages.length ? Infinity : messages[to - 1].message_id;
    this.#atEnd = false;
    this.render();
  }

  #flash(element) {
    element.scrollIntoView({ block: "center" });
    element.classList.remove("flash");
    requestAnimationFrame(() => element.classList.add("flash"));
    element.focus({ preventScroll: true });
  }

  /** Moves the focus from message to message; past the last one it answers false. */
  step(from, by) {
    const items = [...this.list.querySelectorAll(".message:not(.leaving)")];
    const at = from ? items.indexOf(from) + by : items.length - 1;
    if (at >= items.length || items.length === 0) return false;
    const target = items[Math.max(0, at)];
    target.focus({ preventScroll: true });
    target.scrollIntoView({ block: "nearest" });
    return true;
  }
}

function joins(before, after) {
  return sameSender(before, after) && after.date - before.date < RUN_SECONDS;
}

function topicOf(chat, message) {
  if (!message.is_topic_message) return null;
  const topic = chat.view.topics?.find((known) => known.message_thread_id === message.message_thread_id);
  return `# ${topic?.name ?? `topic ${message.message_thread_id}`}`;
}

function dayRow(message) {
  const title = () => h("div", { class: "day", role: "listitem" }, h("span", {}, dayTitle(message.date, Date.now())));
  return { key: `d${message.message_id}`, stamp: dayTitle(message.date, Date.now()), message: null, make: title };
}

/** An edited message's new element takes the place and, where its buttons stayed, the focus of the old one. */
function replaceKeepingFocus(old, fresh) {
  const focusable = "button, a, [tabindex]";
  const at = old.contains(document.activeElement) ? [...old.querySelectorAll(focusable)].indexOf(document.activeElement) : null;
  old.replaceWith(fresh);
  if (at === null) return;
  const target = at < 0 ? fresh : ([...fresh.querySelectorAll(focusable)][at] ?? fresh);
  target.focus({ preventScroll: true });
}

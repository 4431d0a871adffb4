// The sandbox's control API and its stream of events.

const RETRY_MS = [500, 1000, 2000, 4000, 8000];

/** A refused or failed call; `message` is fit to be shown. */
export class ApiError extends Error {}

async function call(method, path, body) {
  const form = body instanceof FormData;
  const init = { method, headers: body && !form ? { "Content-Type": "application/json" } : {} };
  if (body) init.body = form ? body : JSON.stringify(body);
  let response;
  try {
    response = await fetch(`/sandbox/${path}`, init);
  } catch {
    throw new ApiError("The sandbox doesn't answer. Is it still running?");
  }
  const answer = await response.json().catch(() => null);
  if (!response.ok || answer === null) throw new ApiError(reason(answer) ?? `The sandbox refused this (${response.status}).`);
  return answer;
}

function reason(answer) {
  const words = answer?.error ?? answer?.description ?? answer?.message;
  return typeof words === "string" ? words : null;
}

export const api = {
  state: () => call("GET", "state"),
  messages: (chat, before, limit) =>
    call("GET", `chats/${chat}/messages?${new URLSearchParams({ limit, ...(before ? { before } : {}) })}`),
  commands: (chat, user) => call("GET", `commands?${new URLSearchParams({ chat_id: chat, user_id: user })}`),
  send: (chat, message) => call("POST", `chats/${chat}/messages`, message),
  press: (chat, callback) => call("POST", `chats/${chat}/callbacks`, callback),
  block: (chat, blocked) => call("POST", `chats/${chat}/block`, { blocked }),
  setMember: (chat, user, status) => call("POST", `chats/${chat}/members`, { user_id: user, status }),
  sendFile: (chat, from, file, caption, replyTo) => {
    const form = new FormData();
    form.set("from", from === null ? "" : String(from));
    form.set("caption", caption);
    if (replyTo) form.set("reply_to", String(replyTo));
    form.set("file", file, file.name);
    return call("POST", `chats/${chat}/documents`, form);
  },
  fileUrl: (fileId) => `/sandbox/files/${encodeURIComponent(fileId)}`,
};

/**
 * The event stream. The browser itself reconnects with Last-Event-ID after a dropped connection; where it gives up
 * (the server answered with an error, or isn't there), this opens a new stream after the last event seen.
 */
export class Events {
  #source = null;
  #last = null;
  #failures = 0;
  #timer = 0;

  /** `on` is {event(data), open(), lost()}. */
  constructor(on) {
    this.on = on;
  }

  get last() {
    return this.#last;
  }

  start(after = null) {
    this.stop();
    this.#last = after;
    this.#connect();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  #connect() {
    const source = new EventSource(`/sandbox/events${this.#last === null ? "" : `?after=${this.#last}`}`);
    this.#source = source;
    source.addEventListener("open", () => this.#opened());
    source.addEventListener("message", (event) => this.#take(event));
    source.addEventListener("error", () => this.#lost(source));
  }

  #opened() {
    this.#failures = 0;
    this.on.open();
  }

  #take(event) {
    const data = JSON.parse(event.data);
    this.#last = data.seq;
    this.on.event(data);
  }

  #lost(source) {
    this.on.lost();
    if (source.readyState !== EventSource.CLOSED || source !== this.#source) return;
    const wait = RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)];
    this.#failures += 1;
    this.#timer = setTimeout(() => this.#connect(), wait);
  }
}

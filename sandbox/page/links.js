// What a link in a message may do here. Anything but http(s), tg and mailto stays plain text.

const ALLOWED = new Set(["http:", "https:", "tg:", "mailto:"]);
const TELEGRAM_HOSTS = new Set(["t.me", "www.t.me", "telegram.me", "telegram.dog"]);
const PAYLOAD = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Reads a link as a client would.
 * Returns {kind: "start", payload} for the bot's own deep link, {kind: "chat", username} for another
 * Telegram name, {kind: "open", href} for what the browser may open, or null for what it may not.
 */
export function readLink(raw, botUsername) {
  const url = parse(raw);
  if (!url || !ALLOWED.has(url.protocol)) return null;
  const name = telegramName(url);
  if (name === null) return { kind: "open", href: url.href };
  if (botUsername && name.toLowerCase() === botUsername.toLowerCase()) {
    return { kind: "start", payload: payloadOf(url.searchParams.get("start")) };
  }
  return { kind: "chat", username: name, href: url.href };
}

function parse(raw) {
  const text = String(raw).trim();
  const absolute = /^(?:[a-z][a-z0-9+.-]*:\/\/|mailto:|tg:)/i.test(text);
  try {
    return new URL(absolute ? text : `https://${text}`);
  } catch {
    return null;
  }
}

function telegramName(url) {
  if (url.protocol === "tg:") {
    const resolves = /^(?:tg:\/\/|tg:)resolve\b/i.test(url.href);
    return resolves ? (url.searchParams.get("domain") ?? "") : null;
  }
  if (!TELEGRAM_HOSTS.has(url.hostname)) return null;
  const match = /^\/([A-Za-z][A-Za-z0-9_]{3,31})\/?$/.exec(url.pathname);
  return match ? match[1] : null;
}

function payloadOf(value) {
  return value !== null && PAYLOAD.test(value) ? value : "";
}

export function mailLink(address) {
  return `mailto:${encodeURIComponent(address).replace("%40", "@")}`;
}

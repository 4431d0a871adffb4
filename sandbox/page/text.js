// Words and times as people read them. Pure: no element is made here.

const LIMIT = 4096; // code points in one message, as in Telegram
const DAY = 86_400_000;

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const longClock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "short" });
const longWeekday = new Intl.DateTimeFormat(undefined, { weekday: "long" });
const dayMonth = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long" });
const shortDate = new Intl.DateTimeFormat(undefined, { day: "2-digit", month: "2-digit", year: "2-digit" });
const longDate = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

export const timeOf = (unix) => clock.format(unix * 1000);
export const fullTime = (unix) => `${longDate.format(unix * 1000)}, ${longClock.format(unix * 1000)}`;

const midnight = (ms) => new Date(ms).setHours(0, 0, 0, 0);
const daysAgo = (unix, now) => Math.round((midnight(now) - midnight(unix * 1000)) / DAY);

export const dayKey = (unix) => String(midnight(unix * 1000));

export function dayTitle(unix, now) {
  const ago = daysAgo(unix, now);
  if (ago === 0) return "Today";
  if (ago === 1) return "Yesterday";
  const sameYear = new Date(unix * 1000).getFullYear() === new Date(now).getFullYear();
  return (sameYear ? dayMonth : longDate).format(unix * 1000);
}

export function listTime(unix, now) {
  const ago = daysAgo(unix, now);
  if (ago <= 0) return timeOf(unix);
  return (ago < 7 ? weekday : shortDate).format(unix * 1000);
}

/** A date_time entity's text: format is `r` or `w?[dD]?[tT]?`; "" when the message's own words stay. */
export function formatMoment(unix, format, now) {
  const ms = unix * 1000;
  if (format === "r") return formatRelative(ms - now);
  const parts = [
    format.includes("w") && longWeekday.format(ms),
    format.includes("d") && shortDate.format(ms),
    format.includes("D") && longDate.format(ms),
    format.includes("t") && clock.format(ms),
    format.includes("T") && longClock.format(ms),
  ];
  return parts.filter(Boolean).join(", ");
}

function formatRelative(difference) {
  const seconds = Math.round(difference / 1000);
  const units = [["year", 31_536_000], ["month", 2_592_000], ["day", 86_400], ["hour", 3600], ["minute", 60]];
  const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return relative.format(Math.trunc(seconds / size), unit);
}

export function personName(user) {
  return user ? [user.first_name, user.last_name].filter(Boolean).join(" ") : "Someone";
}

export function senderName(message) {
  return message.sender_chat ? (message.sender_chat.title ?? "Channel") : personName(message.from);
}

export function initials(name) {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const letters = words.slice(0, 2).map((word) => [...word][0]);
  return letters.join("").toUpperCase() || "?";
}

export function fileSize(bytes) {
  if (bytes === undefined || bytes === null) return "";
  const units = ["B", "KB", "MB", "GB"];
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log(bytes) / Math.log(1024)));
  const value = bytes / 1024 ** step;
  return `${step === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${units[step]}`;
}

/** What a service message says, or null for a message that someone wrote. */
export function serviceText(message) {
  const who = senderName(message);
  if (message.new_chat_members) return `${message.new_chat_members.map(personName).join(", ")} joined`;
  if (message.left_chat_member) return `${personName(message.left_chat_member)} left`;
  if (message.pinned_message) return `${who} pinned a message`;
  if (message.new_chat_title) return `${who} changed the title to “${message.new_chat_title}”`;
  if (message.group_chat_created || message.supergroup_chat_created) return `${who} made the group`;
  if (message.channel_chat_created) return "Channel made";
  if (message.migrate_to_chat_id || message.migrate_from_chat_id) return "The group became a supergroup";
  if (message.forum_topic_created) return `${who} opened the topic “${message.forum_topic_created.name}”`;
  if (message.forum_topic_closed) return `${who} closed the topic`;
  if (message.forum_topic_reopened) return `${who} reopened the topic`;
  return null;
}

const KINDS = [
  ["photo", "Photo"], ["document", "File"], ["video", "Video"], ["animation", "GIF"], ["audio", "Audio"], ["voice", "Voice message"],
  ["sticker", "Sticker"], ["location", "Location"], ["contact", "Contact"], ["poll", "Poll"], ["dice", "Dice"],
];

export function attachmentName(message) {
  const kind = KINDS.find(([key]) => message[key]);
  if (!kind) return null;
  return kind[0] === "document" ? (message.document.file_name ?? kind[1]) : kind[1];
}

/** One line for the chat list, a quote or the pinned bar. */
export function preview(message) {
  const service = serviceText(message);
  if (service) return service;
  const words = (message.text ?? message.caption ?? richText(message)).slice(0, 300);
  const hidden = hideSpoilers(words, message.entities ?? message.caption_entities ?? []);
  const line = hidden.replace(/\s+/g, " ").trim();
  const attachment = attachmentName(message);
  return [attachment, line].filter(Boolean).join(": ") || "Message";
}

/** All words of a rich message in one line; "" of any other. */
export const richText = (message) => (message.rich_message?.blocks ?? []).map(blockWords).filter(Boolean).join(" ");

function blockWords(block) {
  const own = [block.text, block.summary, block.caption?.text].filter(Boolean).map(plainRich);
  const inner = [...(block.blocks ?? []), ...(block.items ?? []).flatMap((item) => item.blocks)].map(blockWords);
  return [...own, ...inner].filter(Boolean).join(" ");
}

/** The words of a RichText: a string, an array, or an object of one kind around a text. */
export function plainRich(text) {
  if (typeof text === "string") return text;
  return Array.isArray(text) ? text.map(plainRich).join("") : plainRich(text.text);
}

function hideSpoilers(text, entities) {
  return entities
    .filter((entity) => entity.type === "spoiler")
    .reduce((words, { offset, length }) => words.slice(0, offset) + "▒".repeat(Math.max(0, Math.min(length, words.length - offset))) + words.slice(offset + length), text);
}

/** Splits what a person wrote into messages of at most 4,096 code points, at a line or word end where one is near. */
export function splitText(text) {
  const parts = [];
  let rest = [...text];
  while (rest.length > LIMIT) {
    const cut = cutAt(rest);
    parts.push(rest.slice(0, cut).join("").trim());
    rest = rest.slice(cut);
  }
  parts.push(rest.join("").trim());
  return parts.filter(Boolean);
}

function cutAt(points) {
  for (const mark of ["\n", " "]) {
    const at = points.lastIndexOf(mark, LIMIT - 1);
    if (at > LIMIT / 2) return at + 1;
  }
  return LIMIT;
}

export const plural = (count, one, many) => `${count.toLocaleString()} ${count === 1 ? one : many}`;

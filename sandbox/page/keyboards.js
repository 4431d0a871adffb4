// Buttons below a message, and the reply keyboard below the composer.

import { h, icon } from "./dom.js";
import { readLink } from "./links.js";

const HINTS = [
  ["url", "link", "Opens a link"],
  ["login_url", "link", "Opens a link"],
  ["copy_text", "copy", "Copies text"],
  ["switch_inline_query", "reply", "Writes the bot's name in a chat"],
  ["switch_inline_query_current_chat", "reply", "Writes the bot's name here"],
  ["switch_inline_query_chosen_chat", "reply", "Writes the bot's name in a chat"],
];

export function inlineKeyboard(message, rows, context) {
  return h("div", { class: "keyboard", role: "group", "aria-label": "Buttons" }, ...rows.map((row) => buttonRow(message, row, context)));
}

function buttonRow(message, row, context) {
  return h("div", { class: "keyboard-row" }, ...row.map((button) => inlineButton(message, button, context)));
}

function inlineButton(message, button, context) {
  const [, mark, hint] = HINTS.find(([key]) => button[key] !== undefined) ?? [];
  const style = ["danger", "success", "primary"].includes(button.style) ? ` ${button.style}` : "";
  const props = { class: `key${style}`, title: hint };
  const parts = [h("span", { class: "key-label", dir: "auto" }, button.text), mark ? icon(mark) : null];
  const target = button.url === undefined ? null : readLink(button.url, context.botUsername);
  if (target?.kind === "open") return h("a", { ...props, title: target.href, href: target.href, target: "_blank", rel: "noopener noreferrer" }, ...parts);
  const press = (event) => context.onPress(message, button, event.currentTarget);
  return h("button", { ...props, type: "button", onclick: press }, ...parts, h("span", { class: "spinner", "aria-hidden": "true" }));
}

/** The reply keyboard in force: the newest message that shows or removes one decides. */
export function replyMarkup(messages, isFromBot) {
  for (let at = messages.length - 1; at >= 0; at -= 1) {
    const markup = messages[at].reply_markup;
    const decides = markup && (markup.keyboard || markup.remove_keyboard || markup.force_reply);
    if (decides && isFromBot(messages[at])) return { message: messages[at], markup };
  }
  return null;
}

export function replyKeyboard(markup, onText) {
  const rows = markup.keyboard.map((row) =>
    h("div", { class: "keyboard-row" }, ...row.map((button) => replyButton(typeof button === "string" ? { text: button } : button, onText))),
  );
  return h("div", { class: "reply-keyboard", role: "group", "aria-label": "Reply keyboard" }, ...rows);
}

function replyButton(button, onText) {
  return h("button", { type: "button", class: "key", onclick: () => onText(button) }, h("span", { class: "key-label", dir: "auto" }, button.text));
}

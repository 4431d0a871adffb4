// One message as an element.

import { api } from "./api.js";
import { h, icon, iconButton } from "./dom.js";
import { renderText } from "./entities.js";
import { inlineKeyboard } from "./keyboards.js";
import { richBody } from "./rich.js";
import { attachmentName, fileSize, fullTime, initials, personName, preview, senderName, serviceText, timeOf } from "./text.js";

export function avatar(name, id, kind) {
  const tint = Math.abs(Number(id) || 0) % 7;
  return h("span", { class: `avatar tint-${tint}`, "aria-hidden": "true" }, kind ? icon(kind) : initials(name));
}

/**
 * `view` is {own, first, last, named, faces, topic}: whose it is, its place in a run of one sender's messages, whether
 * names and faces show, the forum topic it stands in.
 * `context` holds the callbacks: those of entities.js, onPress(message, button, element), onJump(id), onActions(message, anchor).
 */
export function bubble(message, view, context) {
  const service = serviceText(message);
  const body = service ? h("div", { class: "service-text", dir: "auto" }, service) : messageBody(message, view, context);
  const classes = ["message", service ? "service" : view.own ? "own" : "other", view.first && "first", view.last && "last"];
  const showsFace = !service && view.faces && !view.own;
  const sender = message.sender_chat ?? message.from;
  const face = showsFace && view.last ? avatar(senderName(message), sender?.id) : h("span", { class: "avatar-gap" });
  return h(
    "div",
    {
      class: classes.filter(Boolean).join(" "),
      role: "listitem",
      tabindex: "-1",
      dataset: { id: message.message_id },
      "aria-label": describe(message, view),
    },
    showsFace ? face : null,
    body,
    service ? null : iconButton("more", "Message actions", (event) => context.onActions(message, event.currentTarget), { class: "message-more icon-button", "aria-haspopup": "menu", tabindex: "-1" }),
  );
}

function describe(message, view) {
  const who = view.own ? "You" : senderName(message);
  return `${who}, ${timeOf(message.date)}${message.edit_date ? ", edited" : ""}: ${preview(message)}`;
}

function messageBody(message, view, context) {
  const text = message.text ?? message.caption;
  const entities = message.entities ?? message.caption_entities;
  const keyboard = message.reply_markup?.inline_keyboard;
  const parts = [
    view.named && !view.own && view.first ? senderLine(message) : null,
    message.forward_origin ? h("div", { class: "forwarded" }, `Forwarded from ${originName(message.forward_origin)}`) : null,
    view.topic ? h("div", { class: "topic", dir: "auto" }, view.topic) : null,
    quote(message, context),
    attachment(message),
    message.rich_message ? richBody(message.rich_message, context) : null,
    text ? h("div", { class: "text", dir: "auto" }, h("span", { class: "words" }, renderText(text, entities, context)), meta(message)) : meta(message),
  ];
  const box = h("div", { class: "bubble" }, ...parts.filter(Boolean));
  return h("div", { class: "bubble-column" }, box, keyboard ? inlineKeyboard(message, keyboard, context) : null);
}

function senderLine(message) {
  const sender = message.sender_chat ?? message.from;
  const tint = Math.abs(sender?.id ?? 0) % 7;
  const label = message.author_signature ?? (message.sender_chat?.id === message.chat.id && message.chat.type !== "channel" ? "admin" : null);
  return h("div", { class: `sender name-${tint}` }, h("span", { dir: "auto" }, senderName(message)), label ? h("small", {}, label) : null);
}

function originName(origin) {
  return origin.sender_user_name ?? origin.chat?.title ?? origin.sender_chat?.title ?? personName(origin.sender_user);
}

function quote(message, context) {
  const original = message.reply_to_message;
  if (!original) return null;
  const words = message.quote?.text ?? preview(original);
  const jump = () => context.onJump(original.message_id);
  return h(
    "button",
    { type: "button", class: "reply-quote", onclick: jump },
    h("span", { class: "reply-name" }, senderName(original)),
    h("span", { class: "reply-words", dir: "auto" }, words),
  );
}

function attachment(message) {
  if (message.photo) return photo(message);
  if (message.document) return fileCard(message.document);
  const name = attachmentName(message);
  return name ? h("div", { class: "file-card" }, h("span", { class: "file-icon" }, icon("file")), h("span", {}, name)) : null;
}

function photo(message) {
  const size = message.photo.at(-1);
  const image = h("img", {
    class: "photo", src: api.fileUrl(size.file_id), alt: message.caption ? "" : "Photo", width: size.width, height: size.height, loading: "lazy",
  });
  image.addEventListener("error", () => image.replaceWith(h("div", { class: "photo-missing" }, icon("file"), "Photo")));
  return image;
}

function fileCard(file) {
  return h(
    "a",
    { class: "file-card", href: api.fileUrl(file.file_id), download: file.file_name ?? "file" },
    h("span", { class: "file-icon" }, icon("file")),
    h("span", { class: "file-words" }, h("span", { class: "file-name", dir: "auto" }, file.file_name ?? "File"), h("small", {}, fileSize(file.file_size))),
  );
}

function meta(message) {
  const time = h("time", { datetime: new Date(message.date * 1000).toISOString(), title: fullTime(message.date) }, timeOf(message.date));
  return h("span", { class: "meta" }, message.edit_date ? h("span", { class: "edited" }, "edited") : null, time);
}

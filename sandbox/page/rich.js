// A rich message's blocks as elements.

import { api } from "./api.js";
import { h, icon } from "./dom.js";
import { renderEntity } from "./entities.js";
import { plainRich } from "./text.js";

const MARKS = { marked: "mark", subscript: "sub", superscript: "sup" };

/** `message` is a RichMessage; `context` is that of entities.js. */
export function richBody(message, context) {
  return h("div", { class: "rich", dir: message.is_rtl ? "rtl" : "auto" }, ...message.blocks.map((block) => element(block, context)));
}

function element(block, context) {
  const make = MAKERS[block.type];
  return make ? make(block, context) : h("p", { class: "rich-unknown" }, `[${block.type}]`);
}

const MAKERS = {
  heading: (block, context) => h(`h${Math.min(6, block.size + 1)}`, { class: `rich-${block.size}`, dir: "auto" }, ...texts(block.text, context)),
  paragraph: (block, context) => h("p", { dir: "auto" }, ...texts(block.text, context)),
  footer: (block, context) => h("p", { class: "rich-footer", dir: "auto" }, ...texts(block.text, context)),
  divider: () => h("hr"),
  details: (block, context) => details(block, context),
  blockquote: (block, context) => h("blockquote", { dir: "auto" }, ...inside(block, context)),
  list: (block, context) => h("div", { class: "rich-list" }, ...block.items.map((item) => listItem(item, context))),
  photo: (block, context) => photo(block, context),
};

const inside = (block, context) => block.blocks.map((inner) => element(inner, context));

function details(block, context) {
  const props = block.is_open ? { open: "" } : {};
  return h("details", props, h("summary", { dir: "auto" }, ...texts(block.summary, context)), ...inside(block, context));
}

function listItem(item, context) {
  return h("div", { class: "rich-item" }, h("span", {}, item.label), h("div", {}, ...inside(item, context)));
}

function photo(block, context) {
  const size = block.photo.at(-1);
  const words = block.caption ? plainRich(block.caption.text) : "";
  const image = h("img", { class: "photo", src: api.fileUrl(size.file_id), alt: words || "Photo", width: size.width, height: size.height, loading: "lazy" });
  image.addEventListener("error", () => image.replaceWith(h("div", { class: "photo-missing" }, icon("file"), "Photo")));
  return h("figure", { class: "rich-photo" }, image, block.caption ? caption(block.caption, context) : null);
}

function caption(given, context) {
  const credit = given.credit ? h("cite", { dir: "auto" }, ...texts(given.credit, context)) : null;
  return h("figcaption", { dir: "auto" }, ...texts(given.text, context), credit ? " " : null, credit);
}

/** RichText is a string, an array, or an object of one kind around a text. */
function texts(text, context) {
  if (typeof text === "string") return text === "" ? [] : [document.createTextNode(text)];
  if (Array.isArray(text)) return text.flatMap((part) => texts(part, context));
  const children = texts(text.text, context);
  if (MARKS[text.type]) return [h(MARKS[text.type], {}, ...children)];
  const entity = text.type === "url" ? { ...text, type: "text_link" } : text;
  return [renderEntity(entity, plainRich(text.text), children, context)];
}

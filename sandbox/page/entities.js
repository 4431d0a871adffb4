// A message's text and its entities as elements. Offsets are UTF-16 code units, as JavaScript's strings are.

import { h, icon } from "./dom.js";
import { mailLink, readLink } from "./links.js";
import { formatMoment } from "./text.js";

const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);
const TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code" };
const FOLDED_LINES = 3;

/**
 * Nests entities: {start, end} is text, {entity, start, end, children} an entity around it.
 * An entity that crosses the end of the one around it is cut there and goes on after it.
 */
export function nest(text, entities = []) {
  const spans = entities
    .map((entity) => ({ entity, start: Math.max(0, entity.offset), end: Math.min(text.length, entity.offset + entity.length) }))
    .filter((span) => span.end > span.start);
  return build(0, text.length, spans.sort(byPlace));
}

function byPlace(a, b) {
  return a.start - b.start || b.end - a.end || rank(a) - rank(b);
}

const rank = (span) => (BLOCKS.has(span.entity.type) ? 0 : 1);

function build(start, end, spans) {
  const nodes = [];
  let at = start;
  let rest = spans;
  while (rest.length > 0) {
    const [span, ...others] = rest;
    if (span.start > at) nodes.push({ start: at, end: span.start });
    const inner = others.filter((other) => other.start < span.end);
    const cut = inner.map((other) => ({ ...other, end: Math.min(other.end, span.end) }));
    nodes.push({ ...span, children: build(span.start, span.end, cut) });
    const tails = inner.filter((other) => other.end > span.end).map((other) => ({ ...other, start: span.end }));
    rest = [...tails, ...others.filter((other) => other.start >= span.end)].sort(byPlace);
    at = span.end;
  }
  if (at < end) nodes.push({ start: at, end });
  return nodes;
}

/**
 * A fragment for `text`. `context` is {botUsername, onCommand(text), onLink(link), onMention(name), now}.
 */
export function renderText(text, entities, context) {
  const fragment = document.createDocumentFragment();
  fragment.append(...renderNodes(text, nest(text, entities), context));
  return fragment;
}

function renderNodes(text, nodes, context) {
  return nodes.map((node, index) => {
    if (node.entity) {
      return renderEntity(node.entity, text.slice(node.start, node.end), renderNodes(text, node.children, context), context);
    }
    const afterBlock = index > 0 && BLOCKS.has(nodes[index - 1].entity?.type);
    const raw = text.slice(node.start, node.end);
    // A block already breaks the line: the newline that ends it would show as an empty one.
    return document.createTextNode(afterBlock ? raw.replace(/^\n/, "") : raw);
  });
}

/** One entity around `children`; `raw` is its text. */
export function renderEntity(entity, raw, children, context) {
  if (TAGS[entity.type]) return h(TAGS[entity.type], {}, ...children);
  const make = MAKERS[entity.type];
  return make ? make({ entity, raw, children, context }) : h("span", { class: `entity-${entity.type}` }, ...children);
}

const MAKERS = {
  spoiler: ({ children }) => spoiler(children),
  pre: ({ entity, children }) => codeBlock(entity.language, children),
  blockquote: ({ children }) => h("blockquote", { dir: "auto" }, ...children),
  expandable_blockquote: ({ children }) => foldedQuote(children),
  text_link: ({ entity, children, context }) => link(entity.url, children, context, entity.url),
  url: ({ raw, children, context }) => link(raw, children, context),
  email: ({ raw, children }) => h("a", { href: mailLink(raw), rel: "noopener noreferrer" }, ...children),
  bot_command: ({ raw, children, context }) => action("entity-bot_command", children, () => context.onCommand(raw)),
  mention: ({ raw, children, context }) => action("entity-mention", children, () => context.onMention(raw.slice(1))),
  date_time: ({ entity, raw, children, context }) => moment(entity, raw, children, context),
};

function action(kind, children, onclick) {
  return h("button", { type: "button", class: `text-button ${kind}`, onclick }, ...children);
}

function link(url, children, context, title) {
  const target = readLink(url, context.botUsername);
  if (target === null) return h("span", { class: "entity-unsafe" }, ...children);
  if (target.kind !== "open") return action("entity-link", children, () => context.onLink(target));
  return h("a", { href: target.href, target: "_blank", rel: "noopener noreferrer", title }, ...children);
}

function spoiler(children) {
  const cover = h("span", { class: "spoiler-text", "aria-hidden": "true" }, ...children);
  const box = h("span", { class: "spoiler", role: "button", tabindex: "0", "aria-label": "Hidden text. Show it" }, cover);
  cover.inert = true;
  const open = (event) => {
    if (box.classList.contains("open")) return;
    event.preventDefault();
    event.stopPropagation();
    box.classList.add("open");
    for (const name of ["role", "tabindex", "aria-label"]) box.removeAttribute(name);
    cover.removeAttribute("aria-hidden");
    cover.inert = false;
  };
  box.addEventListener("click", open);
  box.addEventListener("keydown", (event) => (event.key === "Enter" || event.key === " ") && open(event));
  return box;
}

function codeBlock(language, children) {
  const code = h("code", { dir: "ltr" }, ...children);
  return h("figure", { class: "code" }, language ? h("figcaption", {}, language) : null, h("pre", { tabindex: "0" }, code));
}

function foldedQuote(children) {
  const body = h("div", { class: "folded-body", dir: "auto" }, ...children);
  const label = h("span", {}, "Show more");
  const toggle = h("button", { type: "button", class: "fold-toggle", "aria-expanded": "false" }, label, icon("chevron"));
  const quote = h("blockquote", { class: "folded" }, body, toggle);
  toggle.addEventListener("click", () => {
    const open = quote.classList.toggle("open");
    toggle.setAttribute("aria-expanded", String(open));
    label.textContent = open ? "Show less" : "Show more";
  });
  requestAnimationFrame(() => {
    const lineHeight = parseFloat(getComputedStyle(body).lineHeight) || 20;
    if (body.scrollHeight <= lineHeight * FOLDED_LINES + 4) quote.classList.add("short");
  });
  return quote;
}

function moment(entity, raw, children, context) {
  const shown = formatMoment(entity.unix_time, entity.date_time_format ?? "", context.now());
  const when = new Date(entity.unix_time * 1000);
  const props = { datetime: when.toISOString(), title: when.toLocaleString() };
  return shown === "" ? h("time", props, ...children) : h("time", { ...props, "aria-label": shown }, shown);
}

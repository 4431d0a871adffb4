// What speaks to the person outside the messages: toasts, alerts, pop-up menus, and words for screen readers.

import { h, icon } from "./dom.js";

const TOAST_MS = 4000;

export function toast(text) {
  const box = document.getElementById("toasts");
  const note = h("div", { class: "toast", dir: "auto" }, text);
  box.append(note);
  setTimeout(() => note.remove(), TOAST_MS + 40 * text.length);
}

export function announce(text) {
  const region = document.getElementById("announcer");
  region.append(h("p", {}, text));
  while (region.childElementCount > 5) region.firstElementChild.remove();
}

export function alertBox(title, text) {
  const ok = h("button", { type: "button", class: "solid-button", onclick: () => box.close() }, "OK");
  const box = h(
    "dialog",
    { class: "alert", "aria-labelledby": "alert-title" },
    h("h2", { id: "alert-title" }, title),
    h("p", { dir: "auto" }, text),
    h("div", { class: "alert-buttons" }, ok),
  );
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
  ok.focus();
}

let openMenu = null;

export function closeMenu() {
  openMenu?.close();
}

/**
 * A pop-up menu at an element or a point. Items: {label, hint, icon, checked, danger, run}. Arrow keys, Home, End and
 * Escape work as in any menu; the focus goes back to where it was. `kind` is a further class.
 */
export function showMenu(anchor, items, label, kind = "") {
  closeMenu();
  const before = document.activeElement;
  const menu = h("div", { class: `menu ${kind}`, role: "menu", "aria-label": label });
  const close = (refocus = true) => {
    if (openMenu?.menu !== menu) return;
    openMenu = null;
    menu.remove();
    anchor.setAttribute?.("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
    if (refocus) before?.focus?.({ preventScroll: true });
  };
  const outside = (event) => menu.contains(event.target) || close(false);
  menu.append(...items.map((item) => menuItem(item, close)));
  menu.addEventListener("keydown", (event) => menuKey(event, menu, close));
  document.body.append(menu);
  place(menu, anchor);
  anchor.setAttribute?.("aria-expanded", "true");
  document.addEventListener("pointerdown", outside, true);
  openMenu = { menu, close };
  (menu.querySelector("[aria-checked=true]") ?? menu.firstElementChild)?.focus();
}

function menuItem(item, close) {
  const radio = item.checked !== undefined;
  const run = () => {
    close();
    item.run();
  };
  const props = { type: "button", tabindex: "-1", class: item.danger ? "menu-item danger" : "menu-item", onclick: run };
  const role = radio ? { role: "menuitemradio", "aria-checked": String(item.checked) } : { role: "menuitem" };
  const words = h("span", { class: "menu-words" }, h("span", {}, item.label), item.hint ? h("small", {}, item.hint) : null);
  return h("button", { ...props, ...role }, item.icon ? icon(item.icon) : null, words, item.checked ? icon("check") : null);
}

function menuKey(event, menu, close) {
  const items = [...menu.children];
  const at = items.indexOf(document.activeElement);
  const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 };
  if (event.key in moves) items.at(moves[event.key] % items.length).focus();
  else if (event.key === "Escape" || event.key === "Tab") close();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function place(menu, anchor) {
  const spot = anchor.getBoundingClientRect?.() ?? { left: anchor.x, right: anchor.x, top: anchor.y, bottom: anchor.y };
  const { width, height } = menu.getBoundingClientRect();
  const left = spot.left + width > innerWidth - 8 ? spot.right - width : spot.left;
  const below = spot.bottom + 6;
  const top = below + height > innerHeight - 8 ? spot.top - height - 6 : below;
  menu.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
  menu.style.top = `${Math.max(8, Math.min(top, innerHeight - height - 8))}px`;
}

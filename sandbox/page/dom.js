// The page's one way to make elements. Text always enters as a text node, never as markup.

const SVG = "http://www.w3.org/2000/svg";

export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) setProp(node, key, value);
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function setProp(node, key, value) {
  if (value === null || value === undefined || value === false) return;
  if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
  else if (key === "class") node.className = value;
  else if (key === "dataset") Object.assign(node.dataset, value);
  else node.setAttribute(key, value === true ? "" : String(value));
}

// Drawn for this page on a 24 × 24 grid; strokes take the colour of the text around them.
const PATHS = {
  alert: "M12 8.5v4.5 M12 16.2v.1 M12 3.5 2.9 19.5h18.2z",
  back: "M14.5 5.5 8 12l6.5 6.5",
  block: "M12 3.5a8.5 8.5 0 1 0 0 17a8.5 8.5 0 0 0 0-17z M6.2 6.2l11.6 11.6",
  channel: "M4 10v4h3l8 4.5v-13L7 10z M18 9.5a4 4 0 0 1 0 5",
  check: "M5.5 12.5l4.2 4.2L18.5 8",
  chevron: "M6.5 9.5 12 15l5.5-5.5",
  close: "M6.5 6.5l11 11 M17.5 6.5l-11 11",
  copy: "M9 9h10v10H9z M15 9V5H5v10h4",
  dark: "M19.5 14.2A8 8 0 0 1 9.8 4.5a8 8 0 1 0 9.7 9.7z",
  down: "M12 5v13.5 M6.5 13 12 18.5 17.5 13",
  file: "M7 3.5h7l4 4v13H7z M14 3.5v4h4",
  group: "M9 11.2a3 3 0 1 0 0-6a3 3 0 0 0 0 6z M3.5 18.8a5.5 5.5 0 0 1 11 0 M15.5 5.6a3 3 0 0 1 0 5.2 M17 13.9a5.5 5.5 0 0 1 3.5 4.9",
  keys: "M3.5 7h17v10h-17z M7 10.3v.1 M10.3 10.3v.1 M13.7 10.3v.1 M17 10.3v.1 M8.5 13.8h7",
  light: "M12 8a4 4 0 1 0 0 8a4 4 0 0 0 0-8z M12 3v1.6 M12 19.4V21 M3 12h1.6 M19.4 12H21 M5.6 5.6l1.2 1.2 M17.2 17.2l1.2 1.2 M18.4 5.6l-1.2 1.2 M6.8 17.2l-1.2 1.2",
  link: "M8.5 15.5l7-7 M10 8.5h5.5V14",
  mask: "M4 7.5c5-2 11-2 16 0c0 6-2 9.5-5 9.5c-1.6 0-2-1.5-3-1.5s-1.4 1.5-3 1.5c-3 0-5-3.5-5-9.5z M8 10.8h2 M14 10.8h2",
  menu: "M4.5 7h15 M4.5 12h15 M4.5 17h9",
  more: "M12 5.4v.1 M12 12v.1 M12 18.6v.1",
  paperclip: "M18.5 11.5l-6.8 6.8a4.3 4.3 0 0 1-6-6l7.4-7.4a2.9 2.9 0 0 1 4.1 4.1l-7.3 7.3a1.4 1.4 0 0 1-2-2l6.6-6.7",
  pin: "M9 4h6 M10 4v6l-3 3.5h10L14 10V4 M12 13.5V20",
  reply: "M9.5 6 4 11.5 9.5 17 M4.5 11.5H14a6 6 0 0 1 6 6",
  search: "M10.5 4.5a6 6 0 1 0 0 12a6 6 0 0 0 0-12z M15 15l4.5 4.5",
  send: "M4.5 12 3.5 4.5 21 12 3.5 19.5z M4.5 12H12",
  system: "M12 3.5a8.5 8.5 0 1 0 0 17z M12 3.5a8.5 8.5 0 0 1 0 17",
  user: "M12 11.5a3.7 3.7 0 1 0 0-7.4a3.7 3.7 0 0 0 0 7.4z M5 20a7 7 0 0 1 14 0",
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

export function iconButton(name, label, onclick, extra = {}) {
  return h("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...extra }, icon(name));
}

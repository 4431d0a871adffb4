// Command suggestions while a person types `/`.

import { h } from "./dom.js";

/** The command word being typed, without `/` and `@bot`; null where the text isn't one. */
export function typedCommand(text) {
  const match = /^\/([^\s@]*)(?:@\S*)?$/.exec(text);
  return match ? match[1].toLowerCase() : null;
}

/** Commands that begin with what is typed, then those that hold it. */
export function matching(commands, typed) {
  const begins = commands.filter(({ command }) => command.startsWith(typed));
  const holds = typed === "" ? [] : commands.filter(({ command }) => command.includes(typed) && !command.startsWith(typed));
  return [...begins, ...holds];
}

export class Suggestions {
  #commands = [];
  #at = 0;
  #dismissed = false;

  /** `take(command)` is called with the chosen command's name. */
  constructor(box, input, take) {
    Object.assign(this, { box, input, take });
  }

  get open() {
    return !this.box.hidden;
  }

  update(commands) {
    const typed = typedCommand(this.input.value);
    if (typed === null) this.#dismissed = false;
    const shown = typed === null || this.#dismissed ? [] : matching(commands, typed);
    if (shown.map(({ command }) => command).join() !== this.#commands.map(({ command }) => command).join()) this.#at = 0;
    this.#commands = shown;
    this.#draw();
  }

  #draw() {
    this.box.hidden = this.#commands.length === 0;
    this.box.replaceChildren(...this.#commands.map((item, at) => this.#option(item, at)));
    if (this.open) this.input.setAttribute("aria-activedescendant", `suggestion-${this.#at}`);
    else this.input.removeAttribute("aria-activedescendant");
    this.box.children[this.#at]?.scrollIntoView({ block: "nearest" });
  }

  #option({ command, description }, at) {
    const option = h(
      "div",
      { class: "suggestion", role: "option", id: `suggestion-${at}`, "aria-selected": String(at === this.#at) },
      h("span", { class: "suggestion-name" }, `/${command}`),
      h("span", { class: "suggestion-words", dir: "auto" }, description),
    );
    option.addEventListener("pointerdown", (event) => event.preventDefault()); // the input keeps the focus
    option.addEventListener("click", () => this.take(command));
    return option;
  }

  /** True where the key was for the suggestions. */
  key(event) {
    if (!this.open) return false;
    const { length } = this.#commands;
    if (event.key === "ArrowDown") this.#at = (this.#at + 1) % length;
    else if (event.key === "ArrowUp") this.#at = (this.#at + length - 1) % length;
    else if (event.key === "Escape") this.#dismiss();
    else if (this.#takes(event)) this.take(this.#commands[this.#at].command);
    else return false;
    event.preventDefault();
    if (event.key.startsWith("Arrow")) this.#draw();
    return true;
  }

  /** A command typed in full is sent by Enter, not completed again. */
  #takes(event) {
    if (event.key === "Tab") return !event.shiftKey;
    const whole = typedCommand(this.input.value) === this.#commands[this.#at].command;
    return event.key === "Enter" && !event.shiftKey && !whole;
  }

  #dismiss() {
    this.#dismissed = true;
    this.#commands = [];
    this.#draw();
  }
}

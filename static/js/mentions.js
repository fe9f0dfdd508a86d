/*
 * Colleagues, offered while @ is typed into a note. The focus never leaves the note: arrows walk, Enter or Tab takes one,
 * Escape or writing on lets it be. The field says which one is meant by aria-activedescendant; it stays a text field of many
 * lines, which ARIA lets no combobox be. Without this file @Name is typed by hand, and means the same.
 */
(() => {
  "use strict";

  const on = (name, handler, options) => document.addEventListener(name, handler, options);
  const field = () => document.getElementById("note-text");
  const list = () => document.getElementById("mentions");
  const options = () => [...list().querySelectorAll("[data-mention]:not([hidden])")];
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/\s+/g, " ");
  const isOpen = () => Boolean(list()?.matches(":popover-open"));
  let at = -1; /* where the @ stands */

  /* What is typed behind an @ that begins a word, up to the caret; the same rule as the server's, by which a name is found. */
  const typed = () => {
    const { value, selectionStart, selectionEnd } = field();
    if (selectionStart !== selectionEnd) return null;
    const found = /(?:^|[^\p{L}\p{N}_.])@([^@\n]{0,60})$/u.exec(value.slice(0, selectionStart));
    if (!found) return null;
    at = selectionStart - found[1].length - 1;
    return found[1];
  };
  const fits = (name, words) => name.startsWith(words) || name.split(" ").some((word) => word.startsWith(words));

  const pick = (option) => {
    for (const each of list().querySelectorAll("[aria-selected=true]")) each.setAttribute("aria-selected", "false");
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    field().setAttribute("aria-activedescendant", option.id);
  };
  const close = () => {
    if (isOpen()) list().hidePopover();
    for (const name of ["aria-activedescendant", "aria-controls", "aria-autocomplete"]) field()?.removeAttribute(name);
  };
  const show = () => {
    if (!isOpen()) list().showPopover();
    field().setAttribute("aria-controls", "mentions");
    field().setAttribute("aria-autocomplete", "list");
    const box = field().getBoundingClientRect();
    list().style.left = `${Math.max(8, Math.min(box.left, innerWidth - list().offsetWidth - 8))}px`;
    list().style.bottom = `${innerHeight - box.top + 4}px`;
    list().style.maxHeight = `${Math.max(96, Math.min(box.top - 12, 264))}px`;
  };
  const say = (all) => {
    const words = all.length === 1 ? list().dataset.one : list().dataset.many;
    document.getElementById("announcer").textContent = words.replace("{n}", all.length).replace("{name}", all[0].dataset.mention);
  };
  const offer = () => {
    const words = typed();
    if (words === null || words.startsWith(" ")) return close();
    const begun = plain(words);
    for (const option of list().querySelectorAll("[data-mention]")) option.hidden = !fits(plain(option.dataset.mention), begun);
    const all = options();
    if (!all.length || (begun.endsWith(" ") && all.some((option) => plain(option.dataset.mention) === begun.trim()))) return close();
    show();
    pick(all[0]);
    say(all);
  };
  const take = (option) => {
    const text = `@${option.dataset.mention} `;
    const end = field().selectionEnd;
    field().focus();
    field().setSelectionRange(at, end);
    if (!document.execCommand("insertText", false, text)) { /* undoing takes it back; where that is not to be had, it is written */
      field().setRangeText(text, at, end, "end");
      field().dispatchEvent(new Event("input", { bubbles: true }));
    }
    close();
  };

  on("input", (event) => { if (event.target === field() && list()) offer(); });
  on("keydown", (event) => {
    if (event.target !== field() || !isOpen() || event.isComposing) return;
    const all = options();
    const now = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) pick(all[(now + step + all.length) % all.length]);
    else if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || (event.key === "Tab" && !event.shiftKey)) take(all[now]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, true);
  /* The caret goes elsewhere by mouse or keys; a press in the list itself leaves the focus where it is. */
  on("mousedown", (event) => { if (event.target.closest?.("#mentions")) event.preventDefault(); });
  on("click", (event) => {
    const option = event.target.closest?.("[data-mention]");
    if (option) take(option);
    else if (isOpen() && event.target !== field()) close();
  });
  on("keyup", (event) => {
    if (event.target === field() && isOpen() && ["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) offer();
  });
  on("focusout", (event) => { if (event.target === field()) close(); });
  on("htmx:beforeSwap", ({ detail }) => { if (detail.shouldSwap && ["composer", "conversation"].includes(detail.target?.id) && isOpen()) close(); });
})();

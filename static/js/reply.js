/*
 * The boxes in which an answer and a note are written: they keep themselves, and take what is inserted from an order. As in
 * versana.js, everything hangs on the document. Without this file each is a form with buttons.
 */
(() => {
  "use strict";

  const $ = (selector, root = document) => root.querySelector(selector);
  const on = (name, handler, options) => document.addEventListener(name, handler, options);
  const boxes = () => [...document.querySelectorAll("[data-reply]")];
  const box = () => $("[data-reply]:not([hidden])"); /* the one that is open */
  const say = (text) => { $("#announcer").textContent = text || ""; };
  const warn = (text) => { $("#toast").textContent = text; setTimeout(() => { $("#toast").textContent = ""; }, 6000); };

  /* --- Kept ----------------------------------------------------------------------------------------------------- */
  /* The server knows this window by its key, and what it saved last by its turn: an answer that was lost on the way, or a
     saving that is overtaken by the next, is no other window. */
  const key = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  let turn = 0;
  const marked = (form, data) => {
    data.set("window", key);
    data.set("turn", ++turn);
    if (form.dataset.dirty === undefined) data.set("looking", "1");
    return signed(data);
  };
  /* Who signed out and in again beside this page has another token than it came with. */
  const signed = (data) => {
    const token = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1];
    if (token) data.set("csrfmiddlewaretoken", token);
    return data;
  };
  const sent = new WeakMap(); /* what the request under way holds */
  const textOf = (form) => $("[data-reply-text]", form).value;
  const keep = (form) => window.htmx.trigger(form, "keep");
  on("input", (event) => {
    const form = event.target.closest("[data-reply]");
    if (form) form.dataset.dirty = "";
  });
  on("htmx:configRequest", (event) => {
    if (event.detail.elt.matches("[data-reply]")) marked(event.detail.elt, event.detail.formData);
    else if (event.detail.elt.closest("#composer")) signed(event.detail.formData);
  });
  on("htmx:beforeRequest", (event) => {
    if (event.detail.elt.matches("[data-reply]")) sent.set(event.detail.elt, textOf(event.detail.elt));
  });
  let again = 0;
  on("htmx:afterRequest", (event) => {
    const form = event.detail.elt;
    if (!form.matches("[data-reply]")) return;
    if (!event.detail.successful) {
      const status = event.detail.xhr?.status || 0;
      form.dataset.lost = status === 401 ? "signed-out" : status >= 400 && status < 500 && status !== 429 ? "refused" : "away";
      form.dataset.dirty = ""; /* also what was only looked after */
      clearTimeout(again);
      if (form.dataset.lost !== "refused") again = setTimeout(() => form.isConnected && keep(form), 5000);
      return;
    }
    delete form.dataset.lost;
    const problem = $(".reply-problem", form);
    const field = $("[data-reply-text]", form);
    field.toggleAttribute("aria-invalid", Boolean($("#reply-problem", form)));
    if (!problem && sent.get(form) === textOf(form)) delete form.dataset.dirty;
  });
  /* A page that is being left cannot wait for an answer. Too long for a beacon: an ordinary request, where the page stays. */
  const leave = () => {
    for (const form of boxes()) {
      if (form.dataset.dirty === undefined) continue;
      const data = marked(form, new FormData(form));
      if (!navigator.sendBeacon(form.action, data)) fetch(form.action, { method: "POST", body: data, redirect: "manual" }).catch(() => {});
    }
  };
  addEventListener("pagehide", leave);
  /* Before the next page is asked for: asked for first, it would show this conversation without the last words. */
  addEventListener("beforeunload", (event) => {
    leave();
    if (boxes().some((form) => form.dataset.lost !== undefined)) event.preventDefault();
  });
  on("htmx:beforeSwap", (event) => { if (event.detail.target?.id === "conversation") leave(); });
  on("htmx:beforeHistorySave", leave);
  on("versana:leave", leave);
  /* Hidden: kept at once. In sight again: another window may have kept something since. */
  on("visibilitychange", () => {
    for (const form of boxes()) {
      if (form.dataset.dirty !== undefined || (!document.hidden && ($("[data-kept]", form) || textOf(form)))) keep(form);
    }
  });
  addEventListener("pageshow", (event) => { if (event.persisted) boxes().forEach(keep); });
  addEventListener("online", () => { for (const form of boxes()) if (form.dataset.dirty !== undefined) keep(form); });

  /* --- Written into: so that undoing takes it back ---------------------------------------------------------------- */
  const write = (field, text) => {
    field.focus();
    if (document.execCommand(text ? "insertText" : "delete", false, text)) return;
    field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  on("versana:insert", ({ detail }) => { const form = box(); if (form) write($("[data-reply-text]", form), detail.text); });
  on("click", (event) => {
    const opener = event.target.closest("[data-insert-open]");
    if (opener) {
      const menu = opener.nextElementSibling;
      menu.showPopover({ source: opener });
      $("button", menu).focus();
    }
    const why = event.target.closest(".insert-menu [aria-disabled='true']");
    if (why) say($("small", why).textContent);
    const entry = event.target.closest("[data-insert]");
    if (entry) {
      const field = box() && $("[data-reply-text]", box());
      entry.closest("[popover]")?.hidePopover();
      if (!field) return;
      $("#side[data-open] [data-drawer-close]")?.click();
      write(field, $("small", entry).textContent);
      say(entry.parentElement.dataset.done);
    }
    const discard = event.target.closest("[data-reply-discard]");
    if (discard) {
      event.preventDefault();
      const field = $("[data-reply-text]", discard.form);
      field.select();
      if (field.value) write(field, "");
      keep(discard.form);
    }
    const copy = event.target.closest("[data-reply-copy]");
    if (copy) copied(copy, $("[data-reply-text]", copy.form));
  });

  /* --- Copied ----------------------------------------------------------------------------------------------------- */
  const copied = async (button, field) => {
    if (!field.value.trim()) { warn(button.dataset.nothing); field.focus(); return; }
    let done = true;
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      const [start, end] = [field.selectionStart, field.selectionEnd];
      field.select();
      done = document.execCommand("copy");
      field.setSelectionRange(start, end);
    }
    if (!done) { warn(button.dataset.failed); return; }
    const word = $("span", button);
    const before = word.textContent;
    word.textContent = button.dataset.done;
    say(button.dataset.done);
    setTimeout(() => { word.textContent = before; }, 2000);
  };

  /* --- The menu of what an order offers: arrows walk through it --------------------------------------------------------- */
  on("toggle", (event) => {
    if (event.target.matches?.(".insert-menu")) event.target.previousElementSibling.setAttribute("aria-expanded", event.newState === "open");
  }, true);
  on("keydown", (event) => {
    const entry = event.target.closest?.(".insert-menu button");
    if (entry && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      const all = [...entry.closest(".insert-menu").querySelectorAll("button")];
      all[(all.indexOf(entry) + (event.key === "ArrowDown" ? 1 : all.length - 1)) % all.length].focus();
    }
  });
})();

/*
 * What stands under a thread, beside what reply.js keeps: which of the two boxes is open, whom an answer goes to, sending and
 * taking back, saved replies, and who else is here. Without this file all of it is links, forms and buttons.
 */
(() => {
  "use strict";

  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const on = (name, handler, options) => document.addEventListener(name, handler, options);
  const say = (text) => { $("#announcer").textContent = text || ""; };
  const fieldOf = (form) => $("[data-reply-text]", form);
  const open = () => $("[data-reply]:not([hidden])");

  /* --- Answer or note --------------------------------------------------------------------------------------------- */
  const turnTo = (kind) => {
    for (const form of $$("[data-reply]")) form.hidden = form.dataset.reply !== kind;
    if (open()) fieldOf(open()).focus();
  };
  on("versana:write", ({ detail }) => turnTo(detail));
  on("click", (event) => {
    const tab = event.target.closest("[data-write]");
    if (!tab || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    turnTo(tab.dataset.write);
  });

  /* --- Whom it goes to: folded to a sentence ------------------------------------------------------------------------ */
  const names = (line) => line.split(/[,;](?=(?:[^"]*"[^"]*")*[^"]*$)/).map((part) => part.trim()).filter(Boolean);
  const short = (part) => part.replace(/\s*<[^>]*>$/, "").replace(/^"|"$/g, "") || part;
  const retell = (form) => {
    const line = (name) => names($(`[name=${name}]`, form).value);
    const to = line("to");
    const parts = [to.length === 1 ? to[0] : to.map(short).join(", ")];
    for (const name of ["cc", "bcc"]) if (line(name).length) parts.push(`${$(`label[for=reply-${name}]`, form).textContent} ${line(name).map(short).join(", ")}`);
    $("[data-sentence]", form).textContent = parts.filter(Boolean).join(", ");
  };
  on("input", (event) => { if (event.target.matches("[data-line]")) retell(event.target.form); });
  on("click", (event) => {
    const all = event.target.closest("[data-reply-all]");
    if (!all) return;
    event.preventDefault();
    const form = all.closest("form");
    $("[name=to]", form).value = all.dataset.to;
    $("[name=cc]", form).value = all.dataset.cc;
    $("[name=cc]", form).dispatchEvent(new Event("input", { bubbles: true }));
    fieldOf(form).focus();
  });
  on("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("[data-line]") || event.isComposing) return;
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) return;
    const form = event.target.form;
    $("[data-addressees]", form).open = false;
    fieldOf(form).focus();
  });

  /* --- Sent ----------------------------------------------------------------------------------------------------------- */
  on("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    const button = event.target.closest?.("[data-reply]") && $("[data-send-first]", event.target.closest("[data-reply]"));
    if (!button || button.hasAttribute("aria-busy")) return;
    event.preventDefault();
    button.click();
  });
  on("click", (event) => { /* pressed once is pressed, while the answer is on its way */
    const button = event.target.closest("[data-send]");
    if (button && $("[data-send][aria-busy]", button.form)) { event.preventDefault(); event.stopImmediatePropagation(); }
  }, true);
  on("htmx:beforeRequest", ({ detail: { elt } }) => { if (elt.matches("[data-send]")) elt.setAttribute("aria-busy", "true"); });
  on("htmx:afterRequest", ({ detail }) => {
    const button = detail.elt;
    if (!button.matches("[data-send]")) return;
    button.removeAttribute("aria-busy");
    const form = button.form;
    if (!form) return;
    if (detail.successful) { delete form.dataset.lost; return; }
    const status = detail.xhr?.status || 0;
    form.dataset.lost = status === 401 ? "signed-out" : status >= 400 && status < 500 && status !== 429 ? "refused" : "unsent";
    form.dataset.dirty = ""; /* the saving that was under way gave way to the sending */
  });
  /* What was refused stays as it is written, and is kept. */
  on("htmx:afterSwap", ({ detail: { target } }) => {
    const form = target?.id?.endsWith("-state") && document.getElementById(target.id)?.closest("[data-reply]");
    if (form && $(".newer, #reply-problem", form)) $(".newer button, .reply-problem button", form)?.scrollIntoView({ block: "nearest" });
  });

  /* The composer comes back as the server has it: what is being written in the other box, or since, stays. */
  const stash = new Map();
  on("htmx:beforeSwap", ({ detail }) => {
    if (detail.target?.id !== "composer" || !detail.shouldSwap) return;
    stash.clear();
    const pressed = detail.requestConfig?.elt;
    for (const form of $$("[data-reply]")) {
      const sent = pressed?.form === form;
      if (!sent && form.dataset.dirty !== undefined && fieldOf(form).value) stash.set(form.dataset.reply, { text: fieldOf(form).value, undone: Boolean(pressed?.matches("#undo, #undo *")) });
    }
  });
  on("htmx:afterSwap", ({ detail: { target } }) => {
    if (target?.id !== "composer") return;
    for (const [kind, { text, undone }] of stash) {
      const field = $(`[data-reply="${kind}"] [data-reply-text]`);
      if (!field || field.value === text) continue;
      field.value = undone && field.value && !field.value.includes(text) ? `${field.value}\n\n${text}` : text;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    stash.clear();
    const undo = $("#undo");
    const scroll = $("#messages-scroll");
    if (scroll) scroll.scrollTop = scroll.scrollHeight;
    say($(".composer-said")?.textContent);
    if (undo || !open()) $("#composer")?.focus({ preventScroll: true });
    else fieldOf(open()).focus({ preventScroll: true });
    retag();
    look();
  });

  /* --- Undo counts down; the sender decides --------------------------------------------------------------------------- */
  setInterval(() => {
    const bar = $("[data-undo]");
    if (!bar) return;
    const left = Number(bar.dataset.undo) - 1;
    bar.dataset.undo = left;
    const held = bar.matches(".htmx-request, :has(.htmx-request)");
    if (left <= 0 && !held) bar.remove();
    else $("[data-undo-seconds]", bar).textContent = `${Math.max(0, left)} s`;
  }, 1000);

  /* --- Saved replies --------------------------------------------------------------------------------------------------- */
  const menu = () => $("#saved-menu");
  const choices = () => $$("[data-saved]:not([hidden])", menu());
  const showSaved = () => {
    const button = $("#saved-button");
    if (!menu() || !button || !open() || open().dataset.reply !== "reply") return;
    menu().showPopover({ source: button });
    const box = button.getBoundingClientRect();
    menu().style.left = `${Math.max(8, Math.min(box.left, innerWidth - menu().offsetWidth - 8))}px`;
    menu().style.bottom = `${innerHeight - box.top + 6}px`;
    $("#saved-search").value = "";
    $("#saved-search").focus();
    window.htmx.ajax("GET", menu().dataset.url, { source: $("#saved-choices"), target: "#saved-choices", swap: "innerHTML" }).then(narrow, () => {});
  };
  const narrow = () => {
    const wanted = $("#saved-search").value.trim().toLowerCase().split(/\s+/);
    const all = $$("[data-saved]", menu());
    for (const choice of all) choice.hidden = !wanted.every((word) => choice.textContent.toLowerCase().includes(word));
    const none = $("[data-saved-none]", menu());
    if (none) none.hidden = !all.length || all.some((choice) => !choice.hidden);
  };
  const insert = (choice) => {
    if (choice.getAttribute("aria-disabled") === "true") { say($("small", choice).textContent); choice.classList.add("asked"); return; }
    menu().hidePopover();
    document.dispatchEvent(new CustomEvent("versana:insert", { detail: { text: $("small", choice).textContent } }));
    say(choice.dataset.name);
  };
  on("click", (event) => {
    if (event.target.closest("[data-saved-open]")) showSaved();
    const choice = event.target.closest("[data-saved]");
    if (choice) insert(choice);
  });
  on("input", (event) => { if (event.target.id === "saved-search") narrow(); });
  on("toggle", (event) => {
    if (event.target.id === "saved-menu") $("#saved-button")?.setAttribute("aria-expanded", event.newState === "open");
  }, true);
  on("keydown", (event) => {
    if (event.key === "." && (event.ctrlKey || event.metaKey) && event.target.closest?.("[data-reply]")) { event.preventDefault(); showSaved(); return; }
    if (!event.target.closest?.("#saved-menu")) return;
    const all = choices();
    const at = all.indexOf(document.activeElement);
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const next = all[at + (event.key === "ArrowDown" ? 1 : -1)];
      (next || (event.key === "ArrowUp" ? $("#saved-search") : all[0]))?.focus();
    } else if (event.key === "Enter" && event.target.id === "saved-search" && all[0]) {
      event.preventDefault();
      insert(all[0]);
    } else if (event.key === "Escape") {
      menu().hidePopover();
      if (open()) fieldOf(open()).focus();
    }
  });

  /* Out of the field, so that single keys are keys again. What is open before it closes first. */
  on("keydown", (event) => {
    const leaves = event.key === "Escape" && !event.isComposing && event.target.matches?.("#composer [data-reply-text]");
    if (leaves && !document.querySelector(":popover-open")) event.target.blur();
  });

  /* --- Who else is here ------------------------------------------------------------------------------------------------ */
  const EVERY_MS = 4000;
  const TYPING_MS = 6000;
  let typedAt = -Infinity;
  let asking = false;
  const token = () => /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1] || $("#composer [name=csrfmiddlewaretoken]")?.value || "";
  const paint = ({ words, typing }) => {
    const line = $("#presence");
    if (!line) return;
    line.textContent = words;
    line.hidden = !words;
    line.classList.toggle("typing", typing);
  };
  const look = async () => {
    const url = $("#composer")?.dataset.presence;
    if (!url || asking || document.visibilityState !== "visible") return;
    asking = true;
    const data = new FormData();
    data.set("csrfmiddlewaretoken", token());
    data.set("said", $("#presence")?.textContent || "");
    if (performance.now() - typedAt < TYPING_MS) data.set("typing", "1");
    try {
      const answer = await fetch(url, { method: "POST", body: data, redirect: "manual", signal: AbortSignal.timeout(10000) });
      if ($("#composer")?.dataset.presence !== url) return; /* another conversation by now */
      if (answer.status === 200) paint(await answer.json());
      else if (answer.type === "opaqueredirect" || [401, 403, 404].includes(answer.status)) delete $("#composer").dataset.presence;
    } catch {
      /* Away for a moment; the next question is never far. */
    } finally {
      asking = false;
    }
  };
  const gone = () => {
    const url = $("#composer")?.dataset.presence;
    if (!url) return;
    const data = new FormData();
    data.set("csrfmiddlewaretoken", token());
    data.set("gone", "1");
    navigator.sendBeacon(url, data);
  };
  on("input", (event) => {
    if (!event.target.closest("[data-reply=reply]")) return;
    const fresh = performance.now() - typedAt > TYPING_MS;
    typedAt = performance.now();
    if (fresh) look();
  });
  setInterval(look, EVERY_MS);
  on("visibilitychange", look);
  addEventListener("pagehide", gone);
  on("htmx:beforeSwap", ({ detail }) => { if (detail.target?.id === "conversation" && detail.shouldSwap) gone(); });
  on("htmx:afterSwap", ({ detail: { target } }) => { if (target?.id === "conversation") { typedAt = -Infinity; retag(); look(); } });

  /* --- Keys as this machine calls them --------------------------------------------------------------------------------- */
  const retag = () => {
    if (!/Mac|iPhone|iPad/.test(navigator.platform)) return;
    for (const key of $$("[data-mac]")) key.textContent = key.dataset.mac;
  };
  retag();
  look();
})();

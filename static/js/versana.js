/*
 * The little that pages need beside htmx. Everything hangs on the document and finds its element when something happens,
 * so that what htmx swaps in works at once. Without this file every link and form still leads somewhere.
 */
(() => {
  "use strict";

  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const isPhone = () => matchMedia("(max-width: 699px)").matches;
  const on = (name, handler, options) => document.addEventListener(name, handler, options);

  /* --- Ages: the same words as the server's ---------------------------------------------------------------------- */
  const words = document.body.dataset.ages.split("|");
  const tick = (root = document) => {
    for (const time of $$("time[data-age]", root)) {
      const seconds = Math.max(0, (Date.now() - Date.parse(time.dateTime)) / 1000);
      if (seconds >= 86400) continue;
      const short = time.dataset.age === "short";
      let word, n = 0;
      if (seconds < (short ? 60 : 5)) word = words[short ? 0 : 3];
      else if (seconds < 60) [word, n] = [words[4], seconds];
      else if (seconds < 3600) [word, n] = [words[short ? 1 : 5], seconds / 60];
      else [word, n] = [words[short ? 2 : 6], seconds / 3600];
      const text = word.replace("{n}", Math.floor(n));
      if (time.textContent !== text) time.textContent = text;
    }
  };
  setInterval(tick, 10000);

  /* --- On a phone the settings' entries are one line that scrolls: the page one is on must be in sight ------------- */
  $(".second-nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

  /* --- Words that arrive by themselves ----------------------------------------------------------------------------- */
  const say = (text) => { $("#announcer").textContent = text || ""; };
  let toastEnd = 0;
  const warn = (text) => {
    const toast = $("#toast");
    toast.textContent = text;
    clearTimeout(toastEnd);
    toastEnd = setTimeout(() => { toast.textContent = ""; }, 6000);
  };

  /* --- Dialogs: focus goes back to where it came from (the browser's own rule for <dialog>) -------------------------- */
  const open = (dialog) => { if (dialog && !dialog.open) dialog.showModal(); };
  on("click", (event) => {
    const opener = event.target.closest("[data-open]");
    if (opener) {
      opener.closest("[popover]")?.hidePopover();
      open(document.getElementById(opener.dataset.open));
    }
    const dialog = event.target.closest("dialog");
    if (dialog && (event.target === dialog || event.target.closest("[data-close]"))) {
      event.preventDefault();
      dialog.close();
    }
  });

  /* --- Drawer of the orders, under 1100 px ------------------------------------------------------------------------- */
  let drawerOpener = null;
  const drawer = (show, opener) => {
    const side = $("#side"); /* gone, where Back led from an open drawer to the list */
    if (!side && show) return;
    side?.toggleAttribute("data-open", show);
    for (const other of $$(".rail, .list-pane, .thread-pane")) other.inert = show;
    $$("[data-drawer]").forEach((button) => button.setAttribute("aria-expanded", show));
    $(".scrim")?.remove();
    if (show) {
      drawerOpener = opener;
      const scrim = document.createElement("div");
      scrim.className = "scrim";
      scrim.addEventListener("click", () => drawer(false));
      side.before(scrim);
      side.focus({ preventScroll: true });
    } else {
      drawerOpener?.focus({ preventScroll: true });
      drawerOpener = null;
    }
  };
  const drawerIsOpen = () => Boolean($("#side[data-open]"));
  matchMedia("(min-width: 1100px)").addEventListener("change", () => drawerIsOpen() && drawer(false));
  on("click", (event) => {
    const opener = event.target.closest("[data-drawer]");
    if (opener) drawer(true, opener);
    else if (event.target.closest("[data-drawer-close]")) drawer(false);
  });

  /* The handle repeats the first order that a store has shown. */
  const summarise = () => {
    const handle = $("[data-drawer-summary]");
    const first = $("#side template[data-summary]");
    if (handle && first) handle.replaceChildren(first.content.cloneNode(true));
  };

  /* --- The list: which row is open -------------------------------------------------------------------------------- */
  const rows = () => $$("[data-list] .row");
  const mark = (path) => {
    for (const row of rows()) {
      if (row.pathname === path) row.setAttribute("aria-current", "page");
      else row.removeAttribute("aria-current");
    }
  };
  const toLastMessage = () => {
    const scroll = $("#messages-scroll");
    const last = scroll && $(".message:last-child", scroll);
    if (last && !location.hash) scroll.scrollTop = last.offsetTop - scroll.offsetTop - 20;
  };
  const step = (by) => {
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex((row) => row === document.activeElement);
    const current = at >= 0 ? at : all.findIndex((row) => row.hasAttribute("aria-current"));
    const next = all[Math.min(all.length - 1, Math.max(0, current < 0 ? 0 : current + by))];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  };
  on("click", (event) => {
    const back = event.target.closest("[data-back]");
    if (!back || !isPhone() || event.metaKey || event.ctrlKey) return;
    const list = $("[data-list] .row");
    if (!list) return;
    event.preventDefault();
    document.dispatchEvent(new CustomEvent("versana:leave"));
    history.pushState({ htmx: true }, "", back.href);
    const opened = $(".row[aria-current]");
    $("#conversation").replaceChildren();
    mark("");
    (opened || list).focus({ preventScroll: true });
  });

  /* --- Keys -------------------------------------------------------------------------------------------------------- */
  const KEYS = "shortcuts-off"; /* WCAG 2.1.4: single keys can be turned off, in this browser */
  const keysOff = () => { try { return localStorage.getItem(KEYS) === "1"; } catch { return false; } };
  on("change", (event) => {
    if (event.target.id !== "shortcuts-on") return;
    try { localStorage.setItem(KEYS, event.target.checked ? "0" : "1"); } catch { /* private windows may refuse */ }
  });
  /* A key does what its button does: also one that stands in a menu, or is not shown on a phone. */
  const press = (button) => {
    const menu = button.popoverTargetElement;
    if (!menu) return button.click();
    menu.showPopover({ source: button });
    (menu.querySelector("[autofocus], [aria-current]") || menu.querySelector("button, input")).focus();
  };
  let afterG = 0;
  on("keydown", (event) => {
    if (event.key === "Escape" && drawerIsOpen() && !$("dialog[open]")) drawer(false);
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || $("dialog[open]")) return;
    const inList = event.target.closest?.("[data-list]");
    if (inList && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      step(event.key === "ArrowDown" ? 1 : -1);
    }
    if (event.target.closest?.("input, textarea, select, [contenteditable]") || keysOff()) return;
    if (event.key === "/" && $("#search-words")?.checkVisibility()) {
      event.preventDefault();
      $("#search-words").focus();
      $("#search-words").select();
    } else if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
    else if ((event.key === "r" || event.key === "n") && $("#composer") && !$(":popover-open")) {
      event.preventDefault();
      if (drawerIsOpen()) drawer(false);
      document.dispatchEvent(new CustomEvent("versana:write", { detail: event.key === "r" ? "reply" : "note" }));
    } else if (event.key === "?") {
      const box = $("#shortcuts-on");
      if (box) box.checked = !keysOff();
      open($("#shortcuts"));
    } else if (event.key.length === 1 && $(`.thread-actions [data-key="${CSS.escape(event.key)}"]`) && Date.now() - afterG >= 1500) {
      event.preventDefault();
      press($(`.thread-actions [data-key="${CSS.escape(event.key)}"]`));
    } else if (Date.now() - afterG < 1500) {
      const { inbox, home } = document.body.dataset;
      const to = { i: inbox, h: home, d: home }[event.key];
      if (to) location.assign(to);
    }
    afterG = event.key === "g" ? Date.now() : 0;
  });

  /* --- Forms: working, and not twice ------------------------------------------------------------------------------- */
  on("submit", (event) => {
    const form = event.target;
    if (form.hasAttribute("data-theme-form")) {
      event.preventDefault();
      const data = new FormData(form, event.submitter);
      const theme = data.get("theme");
      fetch(form.action, { method: "POST", body: data, redirect: "manual", credentials: "same-origin" }).catch(() => warn(document.body.dataset.failed));
      if (theme === "system") delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = theme;
      $$("button[name=theme]", form).forEach((button) => button.setAttribute("aria-pressed", button.value === theme));
      return;
    }
    if (!form.hasAttribute("data-guard")) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    event.submitter?.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => {
    /* A page that comes back from the browser's cache may be sent again. */
    for (const form of $$("form[data-sent]")) {
      delete form.dataset.sent;
      $$("[aria-busy]", form).forEach((button) => button.removeAttribute("aria-busy"));
    }
  });
  const mustEqual = (input) => {
    const button = $("button.danger", input.form);
    button.disabled = input.value.trim().toLowerCase() !== input.dataset.mustEqual.toLowerCase();
  };

  /* --- Filter of a long list of orders ------------------------------------------------------------------------------ */
  const told = new Map(); /* what each order says of itself, by the address that tells: fetched when somebody turns to the box */
  const filter = async (input) => {
    const url = input.dataset.filter;
    if (!told.has(url)) told.set(url, fetch(url, { headers: { Accept: "application/json" } }).then((answer) => answer.ok ? answer.json() : Promise.reject(answer)));
    let known;
    try { known = await told.get(url); } catch { told.delete(url); if (input.value) warn(document.body.dataset.failed); return; }
    const section = input.closest(".section");
    if (!section) return;
    const wanted = input.value.trim().toLowerCase().split(/\s+/);
    let shown = 0;
    for (const order of $$(".orders > .order", section)) {
      const of = known[$("details", order).id.split("-").pop()] || $("summary", order).textContent.toLowerCase();
      const hit = wanted.every((word) => of.includes(word));
      order.hidden = !hit;
      shown += hit;
    }
    $("[data-filter-none]", section).hidden = shown > 0;
  };
  on("focusin", (event) => { if (event.target.matches?.("[data-filter]")) { told.delete(event.target.dataset.filter); filter(event.target); } });
  on("input", (event) => {
    if (event.target.matches("[data-filter]")) filter(event.target);
    if (event.target.matches("[data-must-equal]")) mustEqual(event.target);
  });

  /* --- The reason behind the i stands beside it ---------------------------------------------------------------------- */
  on("toggle", (event) => {
    const reason = event.target;
    if (!reason.matches?.(".reason, .insert-menu") || event.newState !== "open") return;
    const box = ($(`[popovertarget="${reason.id}"]`) || reason.previousElementSibling).getBoundingClientRect();
    const edge = reason.parentElement.getBoundingClientRect().right - parseFloat(getComputedStyle(reason.parentElement).paddingRight);
    const below = box.bottom + 6;
    const top = below + reason.offsetHeight + 8 > innerHeight ? box.top - reason.offsetHeight - 6 : below;
    reason.style.top = `${Math.max(8, top)}px`;
    reason.style.left = `${Math.max(8, Math.min(edge - reason.offsetWidth, innerWidth - reason.offsetWidth - 8))}px`;
  }, true);

  /* --- The HTML of a mail stands in a sandboxed frame of its own height ----------------------------------------------- */
  on("load", (event) => {
    const frame = event.target;
    if (!frame.matches?.("iframe[data-fit]")) return;
    const height = frame.contentDocument?.documentElement?.scrollHeight;
    if (height) frame.style.height = `${Math.min(height + 4, 4000)}px`;
  }, true);

  /* --- An order that is opened fetches its parts, where they did not come with the section --------------------------- */
  const fetching = new WeakSet();
  on("toggle", (event) => {
    const link = event.target.matches?.(".order > details[open]") && $(".order-body > .fetch", event.target);
    if (!link || fetching.has(link)) return;
    fetching.add(link);
    const ended = () => fetching.delete(link);
    window.htmx.ajax("GET", link.getAttribute("href"), { source: event.target, target: link.parentElement, swap: "innerHTML" }).then(ended, ended);
  }, true);

  /* --- All items of an order take the place of the first ones ------------------------------------------------------- */
  const left = new WeakSet(); /* what was pressed is gone with them: the focus goes to the order's own line */
  on("htmx:afterSwap", ({ detail: { target } }) => {
    if (!target?.matches?.(".order-body")) return;
    const told = plain($("[data-say]", target)?.textContent);
    if (told && $("#announcer").textContent !== told) say(told);
    if (!left.delete(target) || target.contains(document.activeElement)) return;
    $("summary", target.closest("details") || target)?.focus({ preventScroll: true });
  });

  /* --- What htmx swaps --------------------------------------------------------------------------------------------- */
  const kept = new Map(); /* what a person opened or typed in a section outlives its refresh */
  const quiet = new Map(); /* refreshed by itself: only what is new is said, beside what was there before */
  const painted = new WeakMap(); /* the words of a section as they came, without its ages */
  const plain = (text) => (text || "").replace(/\s+/g, " ").trim();
  const orders = (section) => new Map($$("details[id^=order-]", section).map((fold) => [
    fold.id, { words: plain($("summary", fold)?.textContent), layout: fold.parentElement.className },
  ]));
  const warnings = (section) => plain($$(".banner", section).map((banner) => banner.textContent).join(" "));
  on("versana:again", ({ target }) => {
    if (!quiet.has(target.id)) quiet.set(target.id, { orders: orders(target), warnings: warnings(target) });
  });
  const sayWhatIsNew = (section, before) => {
    /* An order that a newer one has pushed down is shown shorter, which is no news. */
    const fresh = [...orders(section)].filter(([id, now]) => {
      const then = before.orders.get(id);
      return !then || (then.layout === now.layout && then.words !== now.words);
    });
    const names = fresh.map(([id]) => plain($("summary b", document.getElementById(id))?.textContent));
    const warned = warnings(section);
    if (names.length) say(`${section.dataset.changed} ${names.slice(0, 5).join(", ")}`);
    else if (warned && warned !== before.warnings) say(warned);
  };
  const typed = (section) => $$("input[id]:not([type=hidden]), textarea[id]", section)
    .filter((field) => field.value !== field.defaultValue).map((field) => [field.id, field.value]);
  /* The focus stays where it was, or where it can be closest: a link without a name is not found again. */
  const refocus = (section, id) => {
    if (document.activeElement && document.activeElement !== document.body) return;
    const found = (id && document.getElementById(id)) || $(`#${section.id}-refresh, #${section.id.replace("store", "why")}`, section);
    found?.focus({ preventScroll: true });
  };
  on("htmx:beforeSwap", (event) => {
    const section = event.detail.target;
    /* What was asked for beside one conversation is never painted beside another. */
    const asked = /\/inbox\/(\d+)\/[a-z]/.exec(event.detail.pathInfo?.requestPath || "");
    const shown = $("#main")?.dataset.number;
    if (asked && shown && (asked[1] !== shown || !section?.isConnected)) {
      event.detail.shouldSwap = false;
      return;
    }
    if (section?.matches?.(".order-body") && section.contains(document.activeElement)) left.add(section);
    if (!section?.matches?.(".section")) return;
    if (event.detail.xhr?.status === 404 && event.detail.requestConfig?.verb === "get") {
      section.remove(); /* its store is connected no longer */
      return;
    }
    /* While what a member has pressed here is on its way the section stays: the answer would not find its place again. */
    if (event.detail.requestConfig?.elt === section && $(".htmx-request", section)) {
      event.detail.shouldSwap = false;
      section.dispatchEvent(new CustomEvent("versana:missed", { bubbles: true }));
      return;
    }
    const words = (event.detail.serverResponse || "")
      .replace(/(<time\b[^>]*>)[^<]*/g, "$1")
      .replace(/(name="csrfmiddlewaretoken" value=")[^"]*/g, "$1");
    const same = painted.get(section) === words && quiet.has(section.id);
    if (same && !section.hasAttribute("hx-get")) {
      quiet.delete(section.id);
      event.detail.shouldSwap = false;
      return;
    }
    const active = section.contains(document.activeElement) ? document.activeElement : null;
    /* What came of an action is read while the answers it asked for arrive. */
    const said = $(".said", section);
    const reading = said && (said === active || section.hasAttribute("hx-get")) && event.detail.requestConfig?.verb === "get";
    kept.set(section.id, {
      words,
      said: reading ? said : null,
      folds: $$("details[id]", section).map((fold) => [fold.id, fold.open]),
      whole: $$("details[id][open] [data-lines]", section).map((mark) => [mark.closest("details").id, mark.dataset.lines]),
      fields: event.detail.requestConfig?.verb === "get" ? typed(section) : [], /* what was sent is sent */
      chosen: $$("input[type=radio][id]:checked", section).map((choice) => choice.id),
      reason: $(".reason:popover-open", section)?.id,
      busy: section.getAttribute("aria-busy") === "true",
      focus: active ? active.id || "none" : "",
      caret: active?.matches("input[type=search], input[type=text], textarea") ? [active.selectionStart, active.selectionEnd] : null,
      scroll: $("#side-scroll")?.scrollTop,
    });
  });
  on("htmx:load", (event) => {
    const section = event.target;
    const before = section.matches?.(".section") && kept.get(section.id);
    if (!before) return;
    kept.delete(section.id);
    painted.set(section, before.words);
    if (before.said && !$(".said", section)) $(".section-head", section)?.after(before.said);
    for (const [id, isOpen] of before.folds) {
      const fold = document.getElementById(id);
      /* What was searched for has been found, or is another question by now. */
      if (fold?.matches(".search") && $(".said", section)) continue;
      if (fold && fold.open !== isOpen) fold.open = isOpen;
    }
    for (const [id, url] of before.whole) {
      const body = $(".order-body", document.getElementById(id) || section);
      const link = body && $(":scope > .fetch", body);
      if (link) link.setAttribute("href", url);
      else if (body?.closest("details").id === id) window.htmx.ajax("GET", url, { source: body, target: body, swap: "innerHTML" }).catch(() => {});
    }
    for (const choice of before.chosen.map((id) => document.getElementById(id))) if (choice) choice.checked = true;
    for (const [id, value] of before.fields) {
      const field = document.getElementById(id);
      if (!field) continue;
      field.value = value;
      if (field.matches("[data-filter]")) filter(field);
    }
    if (before.reason) document.getElementById(before.reason)?.showPopover();
    if (before.focus) refocus(section, before.focus);
    if (before.caret && document.activeElement?.id === before.focus) document.activeElement.setSelectionRange(...before.caret);
    if (before.scroll !== undefined) $("#side-scroll").scrollTop = before.scroll;
    if (section.getAttribute("aria-busy") !== "true" && !section.hasAttribute("hx-get")) {
      const then = quiet.get(section.id);
      quiet.delete(section.id);
      if (then) sayWhatIsNew(section, then);
      else if (before.busy) say(section.dataset.announce);
    }
    summarise();
  });
  /* Pressed once is pressed: while an answer is on its way, the button says so and does nothing. */
  on("click", (event) => {
    const link = event.target.closest?.(".section [hx-get*='refresh=1']");
    const section = link?.closest(".section");
    if (!section) return;
    if (section.hasAttribute("hx-get") || section.matches(":has(.htmx-request)")) {
      event.preventDefault();
      event.stopPropagation();
    } else {
      quiet.delete(section.id); /* asked for by a person, who is told how it ended */
    }
  }, true);
  on("htmx:beforeRequest", (event) => {
    const source = event.detail.elt;
    if (source.matches(".row")) mark(source.pathname);
    if (source.matches("form:not([data-reply])")) $$("button", source).forEach((button) => { button.setAttribute("aria-busy", "true"); button.disabled = true; });
  });
  on("htmx:afterRequest", (event) => {
    /* A form that stays where it is, the search, may be sent again. */
    const source = event.detail.elt;
    if (source.matches("form") && source.isConnected) $$("button", source).forEach((button) => { button.removeAttribute("aria-busy"); button.disabled = false; });
  });
  on("htmx:afterSwap", (event) => {
    const target = event.detail.target || event.target; /* a restored page names no target */
    if (target.id === "conversation") {
      kept.clear();
      quiet.clear();
      drawer(false);
      summarise();
      toLastMessage();
      say($("h1", target)?.textContent);
      if (isPhone()) $("h1", target)?.focus({ preventScroll: true });
    }
    if (target.id === "dialog") {
      $$("[data-must-equal]", target).forEach(mustEqual);
      open(target);
    }
  });
  /* What is typed beside one conversation, and would be sent there, does not stay for the next one. */
  const letGo = () => { for (const part of $$("#conversation [hx-preserve]")) part.removeAttribute("id"); };
  on("htmx:beforeSwap", (event) => { if (event.detail.target?.id === "conversation" && event.detail.shouldSwap) letGo(); });
  /* The way back: htmx asks for it outside of its own order, so a slow one would be painted over what was opened meanwhile. */
  let goingBack = null;
  const stay = () => { goingBack?.abort(); goingBack = null; };
  on("htmx:historyCacheMiss", (event) => {
    stay();
    $$(".row.htmx-request").forEach((row) => window.htmx.trigger(row, "htmx:abort"));
    goingBack = event.detail.xhr;
    goingBack.addEventListener("error", () => warn(document.body.dataset.failed));
  });
  on("htmx:beforeRequest", (event) => { if (event.detail.elt.matches(".row")) stay(); });
  on("htmx:historyCacheMissLoad", letGo);
  on("htmx:historyCacheMissLoadError", () => location.reload()); /* the whole page says what is wrong */
  on("htmx:historyRestore", () => { goingBack = null; kept.clear(); quiet.clear(); mark(location.pathname); summarise(); });
  on("htmx:responseError", (event) => failed(event.detail.elt, event.detail.xhr.status));
  on("htmx:sendError", (event) => failed(event.detail.elt, 0));
  on("htmx:timeout", (event) => failed(event.detail.elt, 0));
  const failed = (source, status) => {
    if (status === 401 && !source.matches("a[href], [data-reply], [data-send]")) {
      warn(document.body.dataset.signedOut);
    } else if (source.matches(".section, #exports")) {
      /* One answer lost: ask again by itself, quietly. */
      setTimeout(() => source.isConnected && window.htmx.trigger(source, "again"), 5000);
    } else if (source.matches("[data-reply], [data-send]")) {
      /* The box itself says so, and tries again (reply.js). */
    } else if (source.matches("a[href]") && status) {
      location.assign(source.href); /* the whole page says what is wrong */
    } else {
      if (source.matches(".row")) mark(location.pathname); /* nothing was opened */
      warn(document.body.dataset.failed);
    }
  };

  $$("[data-must-equal]").forEach(mustEqual);
  summarise();
  toLastMessage();
})();

/*
 * The list that stands open: rows that arrive or change come into it by themselves, and several are chosen at once. While the
 * page can be seen it asks every few seconds whether anything is new, by one small question; the answer is mostly "no".
 * What is open, focused, chosen or scrolled to stays where it is.
 */
(() => {
  "use strict";

  const EVERY_MS = 4000;
  const MOST = 200; /* conversations at once; the server refuses more */
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const list = () => $("#list-scroll[data-live]");
  const say = (text) => { $("#announcer").textContent = text; };

  /* --- Choosing several -------------------------------------------------------------------------------------------- */
  const boxes = () => $$("#list-scroll .row-box input");
  const chosen = () => boxes().filter((box) => box.checked);
  let last = null; /* where a range begins */
  const count = () => {
    const n = chosen().length, all = $("#choose-all"), label = $("#chosen");
    if (!label) return;
    label.textContent = $("#list-scroll").dataset.chosen.replace("{n}", n);
    all.checked = n > 0 && n === Math.min(boxes().length, MOST);
    all.indeterminate = n > 0 && !all.checked;
  };
  const choose = (box, on) => { box.checked = on; };
  const range = (to, on) => {
    const all = boxes(), from = all.indexOf(last), end = all.indexOf(to);
    if (from < 0) return;
    for (const box of all.slice(Math.min(from, end), Math.max(from, end) + 1)) choose(box, on);
  };
  const clear = () => { boxes().forEach((box) => choose(box, false)); last = null; count(); };
  document.addEventListener("click", (event) => {
    const box = event.target.closest?.(".row-box input");
    if (!box) return;
    if (event.shiftKey) range(box, box.checked);
    last = box;
    count();
  });
  document.addEventListener("change", (event) => {
    if (event.target.id !== "choose-all") return;
    boxes().forEach((box, at) => choose(box, event.target.checked && at < MOST));
    count();
    if (!event.target.checked) $("#list-scroll .row")?.focus();
  });
  const keysOff = () => { try { return localStorage.getItem("shortcuts-off") === "1"; } catch { return false; } };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || $("dialog[open]")) return;
    const row = event.target.closest?.("[data-list] .entry");
    if (event.key === "Escape" && chosen().length && !$(":popover-open")) { clear(); return; }
    if (!row || keysOff() || event.key.toLowerCase() !== "x") return;
    const box = $(".row-box input", row);
    if (!box) return;
    event.preventDefault();
    choose(box, !box.checked);
    if (event.shiftKey) range(box, box.checked);
    last = box;
    count();
  });
  /* After a deed to many the menu is gone, and with the selection its bar: the focus goes to what was done. */
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if (detail.elt.id !== "bulk") return;
    /* In one field: of so many the framework thinks ill. */
    const numbers = detail.formData.getAll("number");
    detail.formData.delete("number");
    if (numbers.length) detail.formData.set("number", numbers.join(","));
  });
  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    if (detail.target?.id === "list-said") $(".bulk-bar :popover-open")?.hidePopover();
  });
  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    if (detail.target?.id !== "list-said") return;
    say($("#list-said span")?.textContent || "");
    if (!chosen().length) ($("#list-said button") || $("#list-scroll .row"))?.focus({ preventScroll: true });
  });
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.requestConfig?.elt?.id === "bulk" && detail.xhr?.getResponseHeader("HX-Trigger")) clear();
  });

  /* --- What is new -------------------------------------------------------------------------------------------------- */
  let asking = false, again = false;
  const words = (entry) => entry.innerHTML.replace(/ aria-current="page"/g, "").replace(/(<time\b[^>]*>)[^<]*/g, "$1").replace(/\s+/g, " ").replace(/ class="row htmx-request"/g, " class=\"row\"");
  const painted = new WeakMap(); /* an entry -> its words as they came: the same ones need no new paint */
  const wordsOf = (entry) => { if (!painted.has(entry)) painted.set(entry, words(entry)); return painted.get(entry); };

  const take = (to, from) => {
    /* The same row with other words: what is chosen, open and focused in it stays so. */
    const box = $(".row-box input", to)?.checked, open = $(".row", to).hasAttribute("aria-current");
    const focus = to.contains(document.activeElement) ? (document.activeElement.matches("input") ? ".row-box input" : ".row") : "";
    painted.set(from, words(from));
    to.replaceWith(from);
    if (box) $(".row-box input", from).checked = true;
    if (open) { $(".row", from).setAttribute("aria-current", "page"); $(".row", from).classList.remove("unread"); }
    if (focus) $(focus, from).focus({ preventScroll: true });
    window.htmx.process(from);
    return from;
  };

  const merge = (here, fresh) => {
    const before = new Map($$(".entry", here).map((entry) => [entry.id, entry]));
    const end = $("#more-rows", here);
    const came = $$(".entry", fresh);
    const anchor = here.scrollTop > 0 && $$(".entry", here).find((entry) => entry.offsetTop - here.offsetTop + entry.offsetHeight > here.scrollTop);
    const was = anchor && anchor.getBoundingClientRect().top;
    const kept = new Set(came.map((entry) => entry.id));
    /* What is open stays in sight until another one is opened, though it may belong here no more. */
    for (const [id, entry] of before) if (!kept.has(id) && !$(".row[aria-current]", entry) && !entry.contains(document.activeElement)) entry.remove();
    const news = [];
    let place = here.firstElementChild;
    for (const entry of came) {
      let old = before.get(entry.id);
      if (old?.isConnected) {
        if (wordsOf(old) !== words(entry)) { const replaced = place === old; old = take(old, entry); if (replaced) place = old; }
        if (old === place) place = place.nextElementSibling;
        else {
          const focus = old.contains(document.activeElement) && document.activeElement;
          here.insertBefore(old, place);
          if (focus) focus.focus({ preventScroll: true });
        }
      } else {
        here.insertBefore(entry, place);
        painted.set(entry, words(entry));
        window.htmx.process(entry);
        news.push(entry);
      }
    }
    const more = $("#more-rows", fresh);
    end?.remove();
    if (more) { here.append(more); window.htmx.process(more); }
    $("#list-empty", here)?.remove();
    const empty = $("#list-empty", fresh);
    if (empty && !$(".entry", here)) here.append(empty);
    const stays = anchor && (anchor.isConnected ? anchor : document.getElementById(anchor.id));
    if (stays) here.scrollTop += stays.getBoundingClientRect().top - was;
    return news;
  };

  const views = (fresh) => {
    const counts = $$("#list-views .view .num, #views-menu .menu-item .hint", fresh);
    $$("#list-views .view .num, #views-menu .menu-item .hint").forEach((each, at) => {
      if (counts[at] && each.textContent !== counts[at].textContent) each.textContent = counts[at].textContent;
    });
  };

  const tell = (here, news) => {
    const unread = news.filter((entry) => $(".row.unread", entry));
    if (!unread.length) return;
    const names = unread.slice(0, 3).map((entry) => $(".row > .clip", entry).textContent);
    say(`${unread.length === 1 ? here.dataset.newOne : here.dataset.new} ${names.join(", ")}`);
  };

  /* The bar over a list that is scrolled down. */
  let above = 0;
  const bar = (n) => {
    const button = $("#list-news");
    if (!button) return;
    above = n;
    button.hidden = !n;
    button.textContent = n === 1 ? button.dataset.one : button.dataset.many.replace("{n}", n);
  };
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("#list-news")) return;
    $("#list-scroll").scrollTop = 0;
    bar(0);
    $("#list-scroll .row")?.focus({ preventScroll: true });
  });
  document.addEventListener("scroll", ({ target }) => {
    if (above && target.id === "list-scroll" && target.scrollTop <= 0) bar(0);
  }, true);
  const shown = () => $$("#list-scroll .entry").length;
  const ask = async () => {
    const here = list();
    if (!here || document.visibilityState !== "visible") return;
    if (asking) { again = true; return; }
    asking = true;
    try {
      const asked = shown();
      const address = `${here.dataset.live}&${new URLSearchParams({ seen: here.dataset.seen, rows: Math.max(1, asked) })}`;
      const answer = await fetch(address, { redirect: "manual", signal: AbortSignal.timeout(10000) });
      if (answer.status === 200) {
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        /* Rows that were fetched meanwhile are not in the answer: the next question is for them too. */
        if (here.isConnected && shown() === asked && asked <= MOST && !$(".more-rows.htmx-request", here)) {
          here.dataset.seen = $("[data-seen]", fresh).dataset.seen;
          const news = merge(here, $("#list-scroll", fresh));
          if (here.scrollTop > 0) bar(above + news.filter((entry) => entry.offsetTop - here.offsetTop < here.scrollTop).length);
          views(fresh);
          count();
          tell(here, news);
        }
      } else if (answer.type === "opaqueredirect" || answer.status === 403 || answer.status === 404) delete here.dataset.live;
    } catch {
      /* Away for a moment; the next question is never far. */
    } finally {
      asking = false;
    }
    if (again) { again = false; ask(); }
  };
  $("#list-views a[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  setInterval(ask, EVERY_MS);
  document.addEventListener("visibilitychange", ask);
  addEventListener("online", ask);
  addEventListener("pageshow", count);
  for (const name of ["conversation-changed", "list-changed"]) document.addEventListener(name, ask);
  /* What was opened is seen. */
  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (detail.target?.id === "conversation") {
      $("#list-scroll .row[aria-current].unread")?.classList.remove("unread");
    }
    if (detail.target?.id === "more-rows") count();
  });
})();

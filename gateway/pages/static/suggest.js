// Suggestions as one types, after the combobox pattern of the ARIA Authoring Practices (list, manual selection).
const PAUSE_MS = 120;

export function suggest(input) {
  const list = document.createElement("div");
  list.className = "suggestions";
  list.id = `${input.id}-suggestions`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.dataset.suggestLabel);
  list.hidden = true;
  input.after(list);
  const attributes = { role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id, "aria-expanded": "false", autocomplete: "off" };
  for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);

  let timer = 0;
  let asked = null;
  let composing = false;

  const options = () => [...list.children];
  const chosen = () => options().findIndex((option) => option.getAttribute("aria-selected") === "true");

  function show(texts) {
    list.replaceChildren(
      ...texts.map((text, place) => {
        const option = document.createElement("div");
        option.id = `${list.id}-${place}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.textContent = text;
        // Before the input loses its focus.
        option.addEventListener("mousedown", (event) => {
          event.preventDefault();
          take(text);
        });
        return option;
      }),
    );
    list.hidden = texts.length === 0;
    input.setAttribute("aria-expanded", String(!list.hidden));
    input.removeAttribute("aria-activedescendant");
  }

  function mark(place) {
    options().forEach((option, index) => option.setAttribute("aria-selected", String(index === place)));
    if (place >= 0) input.setAttribute("aria-activedescendant", options()[place].id);
    else input.removeAttribute("aria-activedescendant");
  }

  function take(text) {
    input.value = text;
    show([]);
    input.form.requestSubmit();
  }

  async function ask() {
    const text = input.value.trim();
    asked?.abort();
    if (!text) return show([]);
    asked = new AbortController();
    try {
      const answer = await fetch(`${input.dataset.suggest}?q=${encodeURIComponent(text)}`, { signal: asked.signal });
      show(answer.ok ? (await answer.json()).items : []);
    } catch (error) {
      if (error.name !== "AbortError") show([]); // without suggestions one types on
    }
  }

  input.addEventListener("compositionstart", () => (composing = true));
  input.addEventListener("compositionend", () => {
    composing = false;
    input.dispatchEvent(new Event("input"));
  });
  input.addEventListener("input", () => {
    clearTimeout(timer);
    // Half a Chinese word is no question.
    if (!composing) timer = setTimeout(ask, PAUSE_MS);
  });
  input.addEventListener("blur", () => show([]));
  input.addEventListener("keydown", (event) => {
    if (list.hidden || composing || event.isComposing) return;
    const last = options().length - 1;
    const place = chosen();
    if (event.key === "ArrowDown") mark(place < last ? place + 1 : 0);
    else if (event.key === "ArrowUp") mark(place > 0 ? place - 1 : last);
    else if (event.key === "Escape") show([]);
    else if (event.key === "Enter" && place >= 0) take(options()[place].textContent);
    else return;
    event.preventDefault();
  });
}

// What scripts make quicker. Everything works without them.
'use strict';

// Choosing a variant changes the product without loading the page anew.
async function swap(url, push) {
  const answer = await fetch(url, {headers: {Accept: 'text/html'}});
  if (!answer.ok) throw new Error(answer.statusText);
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const fresh = page.querySelector('article.product'), old = document.querySelector('article.product');
  if (!fresh || !old) throw new Error('not a product');
  const href = document.activeElement && document.activeElement.getAttribute('href');
  old.replaceWith(fresh);
  if (push) history.pushState({swap: true}, '', url);
  const again = href && [...fresh.querySelectorAll('a[data-swap]')].find(a => a.getAttribute('href') === href);
  if (again) again.focus();
}
document.addEventListener('click', event => {
  const link = event.target.closest('a[data-swap]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  swap(link.href, true).catch(() => { location.href = link.href; });
});
window.addEventListener('popstate', () => {
  if (document.querySelector('article.product')) swap(location.href, false).catch(() => location.reload());
});

// Language, currency, sorting and quantities are applied as they are chosen.
document.addEventListener('change', event => {
  const form = event.target.closest('form.preferences, form.change, form.filters');
  if (form) form.requestSubmit(form.querySelector('button:not([name])'));
});
// Filters stand open where there is room.
if (matchMedia('(min-width: 60rem)').matches) for (const d of document.querySelectorAll('details.facets')) d.open = true;
for (const form of document.querySelectorAll('form.preferences, form.change, form.filters')) form.classList.add('auto');

// Pages for everybody do not know what is in the cart. A cookie does.
const units = /(?:^|; )(?:__Host-|__Secure-)?units=(\d+)/.exec(document.cookie);
for (const badge of units ? document.querySelectorAll('[data-units]') : []) {
  badge.textContent = units[1];
  badge.hidden = false;
}

// Suggestions while searching.
for (const input of document.querySelectorAll('input[data-suggest]')) {
  const list = document.createElement('div');
  list.className = 'suggestions';
  list.id = 'suggestions';
  list.setAttribute('role', 'listbox');
  list.setAttribute('aria-label', input.placeholder);
  list.hidden = true;
  input.parentNode.append(list);
  input.setAttribute('role', 'combobox');
  input.setAttribute('aria-expanded', 'false');
  input.setAttribute('aria-controls', list.id);
  let asked = 0, chosen = -1, timer;
  const show = open => { list.hidden = !open; input.setAttribute('aria-expanded', String(open)); chosen = -1; };
  const options = () => [...list.querySelectorAll('a')];
  const ask = async () => {
    const turn = ++asked, text = input.value.trim();
    if (text.length < 2) return show(false);
    const answer = await fetch(input.dataset.suggest + '?q=' + encodeURIComponent(text));
    const html = await answer.text();
    if (turn !== asked || !answer.ok) return;
    list.innerHTML = html; // the shop's own, escaped by it
    show(options().length > 0);
  };
  input.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(() => ask().catch(() => show(false)), 120); });
  input.addEventListener('keydown', event => {
    const all = options();
    if (event.key === 'Escape') return show(false);
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
    if (list.hidden || !all.length || !step) return;
    event.preventDefault();
    clearTimeout(timer);
    asked++; // an answer that is still on its way would take the choice back
    chosen = Math.max(chosen, step < 0 ? 0 : -1);
    chosen = (chosen + step + all.length) % all.length;
    all.forEach((a, i) => {
      a.id = 'suggestion-' + i;
      a.classList.toggle('chosen', i === chosen);
      a.setAttribute('aria-selected', String(i === chosen));
    });
    input.setAttribute('aria-activedescendant', 'suggestion-' + chosen);
  });
  input.form.addEventListener('submit', event => {
    const choice = !list.hidden && options()[chosen];
    if (choice) { event.preventDefault(); choice.click(); }
  });
  document.addEventListener('click', event => { if (!input.parentNode.contains(event.target)) show(false); });
}

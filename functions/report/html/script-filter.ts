/** The part of the page’s script that filters and finds: by severity, change, namespace, check and words, with the keyboard too. */
export const filterScript = String.raw`
  const main = document.querySelector('main');
  const heading = document.getElementById('findings');
  const groups = new Map();
  const groupOf = (element) => {
    if (!groups.has(element)) {
      const count = element.querySelector('.count');
      groups.set(element, { element, count, ...element.dataset, text: count.textContent, kind: count.textContent.replace(/^[\d,]+ /, ''), total: 0, shown: 0, opened: false, parts: new Map() });
    }
    return groups.get(element);
  };
  const findings = [...main.querySelectorAll('article.finding, .same > ul > li')].map((element) => {
    const row = element.localName === 'li';
    const group = row ? groupOf(element.closest('.group')) : undefined;
    const { severity, check } = group || element.dataset;
    if (group) group.total++;
    const namespaces = element.dataset.namespaces;
    return {
      element, group, severity, check,
      part: row ? element.closest('.same') : undefined,
      namespaces: namespaces ? JSON.parse(namespaces) : [element.firstElementChild.textContent.split('/', 1)[0]],
    };
  });

  // Read before a button stands in it, whose word is no part of what is searched.
  const textOf = (finding) => {
    if (finding.text === undefined) {
      const { element, part, group } = finding;
      if (part && part.common === undefined) part.common = [...part.querySelectorAll(':scope > p')].map((said) => said.textContent).join(' ');
      finding.text = (element.textContent + (part ? [' ', part.common, group.severity, group.check, group.kind].join(' ') : '')).toLowerCase();
    }
    return finding.text;
  };
  const readTexts = (group) => {
    for (const finding of findings) if (finding.group?.element === group) textOf(finding);
  };
  readTexts(undefined);
  const isTold = (finding) => finding.told ??= finding.element.querySelector('.mark.told') !== null;

  const option = (value, text) => make('option', { value }, text);
  const choices = (name, label, values) => {
    const select = make('select', { name, 'aria-label': label }, option('', 'All ' + label.toLowerCase()), ...[...values].sort().map((value) => option(value, value)));
    select.hidden = values.size < 2;
    return select;
  };
  const search = make('input', { type: 'search', name: 'q', placeholder: 'Search', 'aria-label': 'Search the findings', autocomplete: 'off' });
  const namespace = choices('namespace', 'Namespaces', new Set(findings.flatMap((finding) => finding.namespaces).filter(Boolean)));
  const check = choices('check', 'Checks', new Set(findings.map((finding) => finding.check)));
  const chip = (name, value, text, checked) => {
    const box = make('input', { type: 'checkbox', name, value });
    box.defaultChecked = checked;
    return { box, label: make('label', { class: 'chip ' + value }, box, make('span', name === 'severity' ? { class: 'severity ' + value } : {}, text)) };
  };
  const number = new Intl.NumberFormat('en');
  const severities = ['critical', 'warning', 'info'].flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count > 0 ? [chip('severity', severity, severity[0].toUpperCase() + severity.slice(1) + ' ' + number.format(count), true)] : [];
  });
  const told = chip('change', 'new', 'New or graver only', false);
  told.label.hidden = !main.querySelector('.mark.told');
  const reset = make('button', { type: 'reset' }, 'Show all');
  const output = make('output', { 'aria-live': 'polite' });
  const keys = make('input', { type: 'checkbox' });
  keys.checked = true;
  const key = (name) => make('kbd', {}, name);
  const form = make('form', { id: 'filter', 'aria-label': 'Filter the findings' },
    search, ...severities.map(({ label }) => label), told.label, namespace, check, reset, output,
    make('p', { class: 'keys' }, 'Keys: ', key('/'), ' search, ', key('Esc'), ' show all, ', key('j'), ' ', key('k'), ' next and previous, ', key('Enter'), ' open, ', key('c'), ' copy the command ',
      make('label', {}, keys, ' keys on')));
  const none = make('p', { class: 'none' }, 'No finding fits the filter.');

  const fit = () => {
    const wanted = new Set(severities.filter(({ box }) => box.checked).map(({ box }) => box.value));
    const sought = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const filtered = wanted.size < severities.length || told.box.checked || namespace.value !== '' || check.value !== '' || sought.length > 0;
    let shown = 0;
    for (const group of groups.values()) { group.shown = 0; group.parts.clear(); }
    for (const finding of findings) {
      const fits = !filtered || (wanted.has(finding.severity)
        && (check.value === '' || finding.check === check.value)
        && (namespace.value === '' || finding.namespaces.includes(namespace.value))
        && (!told.box.checked || isTold(finding))
        && sought.every((word) => textOf(finding).includes(word)));
      if (finding.element.hidden === fits) finding.element.hidden = !fits;
      if (fits) shown++;
      if (finding.group) {
        if (fits) finding.group.shown++;
        finding.group.parts.set(finding.part, finding.group.parts.get(finding.part) || fits);
      }
    }
    for (const group of groups.values()) {
      group.element.hidden = group.shown === 0;
      group.count.textContent = group.shown === group.total ? group.text : number.format(group.shown) + ' of ' + group.text;
      for (const [part, fits] of group.parts) part.hidden = !fits;
      // Few are shown at once, and closed again with the filter.
      const open = filtered && shown <= 30 && group.shown > 0;
      if (open && !group.element.open) group.element.open = group.opened = true;
      else if (!open && group.opened) group.element.open = group.opened = false;
    }
    output.textContent = filtered ? number.format(shown) + ' of ' + number.format(findings.length) + ' findings shown' : '';
    none.hidden = shown > 0;
    reset.hidden = !filtered;
  };

  const state = () => {
    const pairs = [
      ['severity', severities.every(({ box }) => box.checked) ? '' : severities.filter(({ box }) => box.checked).map(({ box }) => box.value).join(',') || 'none'],
      ['change', told.box.checked ? 'new' : ''], ['namespace', namespace.value], ['check', check.value], ['q', search.value],
    ];
    return new URLSearchParams(pairs.filter(([, value]) => value !== ''));
  };
  const choose = (select, value) => {
    select.value = value || '';
    if (select.selectedIndex === -1) select.value = '';
  };
  const restore = (from) => {
    for (const { box } of severities) box.checked = !from.has('severity') || from.get('severity').split(',').includes(box.value);
    told.box.checked = from.get('change') === 'new' && !told.label.hidden;
    choose(namespace, from.get('namespace'));
    choose(check, from.get('check'));
    search.value = from.get('q') || '';
    fit();
  };
  const remember = () => {
    try { history.replaceState(null, '', '#' + state()); } catch { /* a frame without an address of its own */ }
  };
  const clear = () => { restore(new URLSearchParams()); remember(); };

  const follow = () => {
    const fragment = location.hash.slice(1);
    const target = fragment && document.getElementById(fragment);
    if (target) {
      if (target.closest('[hidden]')) restore(new URLSearchParams());
      for (let details = target.closest('details'); details; details = details.parentElement.closest('details')) details.open = true;
      target.scrollIntoView();
      return;
    }
    const wanted = new URLSearchParams(fragment);
    if (['severity', 'change', 'namespace', 'check', 'q'].some((name) => wanted.has(name))) restore(wanted);
  };

  // An article, a group, or a row of an open group.
  const step = (by) => {
    const places = [...main.querySelectorAll('article.finding, .group > summary, .group[open] > .same > ul > li')].filter((place) => !place.closest('[hidden]'));
    const from = places.indexOf(document.activeElement.closest('article.finding, .group > summary, .same > ul > li'));
    const next = places[from === -1 ? (by > 0 ? 0 : places.length - 1) : from + by];
    if (!next) return;
    if (next.localName !== 'summary') next.tabIndex = -1;
    next.focus();
    next.scrollIntoView({ block: 'nearest' });
  };
  const pressed = {
    '/': () => search.focus(),
    j: () => step(1),
    k: () => step(-1),
    c: () => {
      const place = document.activeElement.closest('article.finding, .same > ul > li');
      const button = place && place.querySelector('button.copy');
      if (button) button.click();
    },
  };
  document.addEventListener('keydown', (event) => {
    const { target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape' && state().toString() !== '') clear();
    // Keys that are characters can be turned off: who speaks to the computer would press them by accident (WCAG 2.1.4).
    if (!keys.checked || target.matches('input:not([type=checkbox]), select, textarea') || !Object.hasOwn(pressed, event.key)) return;
    event.preventDefault();
    pressed[event.key]();
  });

  if (findings.length > 0) heading.after(form, none);
  form.addEventListener('input', () => { fit(); remember(); });
  form.addEventListener('submit', (event) => { event.preventDefault(); step(1); });
  form.addEventListener('reset', (event) => { event.preventDefault(); clear(); search.focus(); });
  addEventListener('hashchange', follow);
  fit();
  follow();
`;

/**
 * What the page can do beside being read: filter, copy, open what a link or the printer wants. The page is whole without it.
 * Plain script, since it runs in whatever browser opens the file; it builds no HTML and keeps its state in the address’s fragment.
 */
export const script = `
'use strict';
(() => {
  const form = document.getElementById('filter');
  const findings = [...document.querySelectorAll('article.finding')].map((element) => ({
    element,
    severity: element.dataset.severity,
    namespaces: JSON.parse(element.dataset.namespaces),
    text: element.textContent.toLowerCase(),
  }));
  const chips = [...form.querySelectorAll('[name=severity]')];
  const output = document.getElementById('shown');
  const empty = document.getElementById('none-shown');

  const apply = () => {
    const severities = new Set(chips.filter((chip) => chip.checked).map((chip) => chip.value));
    const namespace = form.elements.namespace ? form.elements.namespace.value : '';
    const words = form.elements.q.value.toLowerCase().split(/\\s+/).filter(Boolean);
    let shown = 0;
    for (const finding of findings) {
      const fits = severities.has(finding.severity)
        && (namespace === '' || finding.namespaces.includes(namespace))
        && words.every((word) => finding.text.includes(word));
      finding.element.hidden = !fits;
      if (fits) shown++;
    }
    const whole = shown === findings.length;
    output.textContent = whole ? '' : shown + ' of ' + findings.length + ' findings shown';
    if (findings.length > 0) empty.hidden = shown > 0;
    form.querySelector('button').hidden = whole && chips.every((chip) => chip.checked) && words.length === 0 && namespace === '';
  };

  const remember = () => {
    const state = new URLSearchParams();
    const off = chips.filter((chip) => !chip.checked);
    if (off.length > 0) state.set('severity', chips.filter((chip) => chip.checked).map((chip) => chip.value).join(','));
    if (form.elements.namespace && form.elements.namespace.value) state.set('namespace', form.elements.namespace.value);
    if (form.elements.q.value) state.set('q', form.elements.q.value);
    history.replaceState(null, '', '#' + state);
  };

  const clear = () => {
    for (const chip of chips) chip.checked = true;
    if (form.elements.namespace) form.elements.namespace.value = '';
    form.elements.q.value = '';
  };

  const follow = () => {
    const fragment = location.hash.slice(1);
    const target = fragment && document.getElementById(fragment);
    if (target) {
      const article = target.closest('article');
      if (article && article.hidden) { clear(); apply(); }
      for (let details = target.closest('details'); details; details = details.parentElement.closest('details')) details.open = true;
      target.scrollIntoView();
      return;
    }
    const state = new URLSearchParams(fragment);
    if (!state.has('severity') && !state.has('namespace') && !state.has('q')) return;
    const wanted = state.has('severity') ? state.get('severity').split(',') : chips.map((chip) => chip.value);
    for (const chip of chips) chip.checked = wanted.includes(chip.value);
    if (form.elements.namespace) form.elements.namespace.value = state.get('namespace') || '';
    if (form.elements.namespace && form.elements.namespace.selectedIndex === -1) form.elements.namespace.value = '';
    form.elements.q.value = state.get('q') || '';
    apply();
  };

  form.hidden = findings.length === 0;
  form.addEventListener('input', () => { apply(); remember(); });
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('reset', (event) => { event.preventDefault(); clear(); apply(); remember(); form.elements.q.focus(); });
  document.addEventListener('keydown', (event) => {
    const typing = event.target.matches('input, select, textarea');
    if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey && !form.hidden) {
      event.preventDefault();
      form.elements.q.focus();
    } else if (event.key === 'Escape' && form.contains(event.target)) {
      clear(); apply(); remember();
    }
  });

  for (const button of document.querySelectorAll('.copyable button')) button.hidden = false;
  const copy = async (text) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    throw new Error('no clipboard');
  };
  document.addEventListener('click', async (event) => {
    const button = event.target.closest('.copyable button');
    if (!button) return;
    const code = button.parentElement.querySelector('code');
    const said = document.getElementById('said');
    try {
      await copy(code.textContent);
      button.textContent = said.textContent = 'Copied';
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = said.textContent = 'Selected';
    }
    setTimeout(() => { button.textContent = 'Copy'; said.textContent = ''; }, 2000);
  });

  let opened = [];
  addEventListener('beforeprint', () => {
    opened = [...document.querySelectorAll('details:not([open])')];
    for (const details of opened) details.open = true;
  });
  addEventListener('afterprint', () => { for (const details of opened) details.open = false; });
  addEventListener('hashchange', follow);
  apply();
  follow();
})();
`;

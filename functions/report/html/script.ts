/**
 * What the page can do beside being read: filter, copy, open what a link or the printer wants. The page is whole without it.
 * Plain script, since it runs in whatever browser opens the file. It makes its controls by the DOM’s own calls, never from strings of HTML, so
 * that where it may not run there is no control that does nothing; one listener serves all; its state is kept in the address’s fragment.
 */
import { filterScript } from './script-filter.ts';

export const script = `
'use strict';
(() => {
  const make = (name, attributes, ...children) => {
    const element = document.createElement(name);
    for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
    element.append(...children);
    return element;
  };
  const said = document.getElementById('said');
  const say = (text) => { said.textContent = text; };
${filterScript}
  // Buttons and links: at once beside the findings that stand alone, in a group when it is opened.
  const copyButton = () => make('button', { type: 'button', class: 'copy' }, 'Copy');
  for (const block of document.querySelectorAll('.copyable')) block.append(copyButton());
  const equip = (group) => {
    if (group.dataset.equipped) return;
    group.dataset.equipped = 'true';
    readTexts(group);
    for (const code of group.querySelectorAll('.same > ul > li > code')) {
      const block = make('div', { class: 'copyable' });
      code.replaceWith(block);
      block.append(code, copyButton());
    }
    for (const row of group.querySelectorAll('.same > ul > li')) {
      const name = row.firstElementChild.textContent;
      const last = [...row.children].findLast((child) => child.matches('b, i, .mark'));
      last.after(' ', make('a', { href: '#' + row.id, 'aria-label': 'link to ' + name }, 'link'));
    }
  };
  let printing = false;
  document.addEventListener('toggle', ({ target }) => {
    if (target.open && !printing && target.matches('details.group')) equip(target);
  }, true);

  const copy = async (code) => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      return 'Copied';
    } catch {
      // Not allowed, or no secure address: what is selected can still be copied, at the worst by hand.
      getSelection().selectAllChildren(code);
      return document.execCommand('copy') ? 'Copied' : 'Selected';
    }
  };
  document.addEventListener('click', async ({ target }) => {
    const button = target.closest('button.copy');
    if (!button) return;
    button.textContent = await copy(button.parentElement.querySelector('code'));
    say(button.textContent);
    setTimeout(() => { button.textContent = 'Copy'; say(''); }, 2000);
  });

  let opened = [];
  addEventListener('beforeprint', () => {
    printing = true;
    opened = [...document.querySelectorAll('details:not([open])')];
    for (const details of opened) details.open = true;
  });
  addEventListener('afterprint', () => {
    for (const details of opened) details.open = false;
    printing = false;
  });
})();
`;

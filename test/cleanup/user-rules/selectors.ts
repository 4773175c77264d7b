/** Label selectors and what they select: the same table is asked of ours and of a real API server. */

export const labelSets: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  none: {},
  web: { app: 'web', tier: 'a' },
  api: { app: 'api', tier: 'b', 'example.org/team': 'core' },
  empty: { app: '' },
  'in-value': { app: 'in' },
  seven: { app: 'web', size: '7' },
  eleven: { size: '11' },
  words: { size: 'large' },
};

const all = Object.keys(labelSets);
const without = (...names: readonly string[]) => all.filter((name) => !names.includes(name));

/** By selector: the names of the sets that it selects, in the order above. */
export const selectors: Readonly<Record<string, readonly string[]>> = {
  app: ['web', 'api', 'empty', 'in-value', 'seven'],
  '!app': ['none', 'eleven', 'words'],
  '! app': ['none', 'eleven', 'words'],
  'app=web': ['web', 'seven'],
  'app==web': ['web', 'seven'],
  ' app = web ': ['web', 'seven'],
  'app!=web': without('web', 'seven'),
  'app=': ['empty'],
  'app!=': without('empty'),
  'app=in': ['in-value'],
  'app in (web,api)': ['web', 'api', 'seven'],
  'app in ( web , api )': ['web', 'api', 'seven'],
  'app in(in)': ['in-value'],
  'app in ()': ['empty'],
  'app in (,web)': ['web', 'empty', 'seven'],
  'app in (web,)': ['web', 'empty', 'seven'],
  'app notin (web, api)': without('web', 'api', 'seven'),
  'app=web,tier': ['web'],
  'app in (web, api),tier notin (a)': ['api', 'seven'],
  'app=web,!tier': ['seven'],
  'example.org/team=core': ['api'],
  'size>7': ['eleven'],
  'size > 6': ['seven', 'eleven'],
  'size<11': ['seven'],
  'in in (a)': [],
  in: [],
  'nobody=has-this': [],
};

/** Refused by a server too, all but the first two: there an empty one selects everything. */
export const broken: Readonly<Record<string, RegExp>> = {
  '': /empty, which would select everything/,
  '  ': /empty/,
  'app,': /found the end, where a label’s key is allowed/,
  ',app': /found ","/,
  'app=web,': /found the end/,
  'app web': /found "web", where one of =, ==, !=, in, notin/,
  'app in web': /found "web", where \( is allowed/,
  'app in (web': /found the end, where a comma or \) is allowed/,
  'app in (web api)': /found "api"/,
  '!app=web': /found "=", where a comma or the end is allowed/,
  'app=web tier=a': /found "tier"/,
  'app=(web)': /found "\("/,
  'app=-web': /"-web" is no label’s value/,
  '-app': /"-app" is no label’s key/,
  'a/b/c': /no label’s key/,
  'Example.org/team': /no label’s key/,
  'size>large': /whole number/,
  'size<=7': /found "="/,
};

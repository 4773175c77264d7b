/** Archives that are packed well, and hold what they should not, or lack what they should hold. */
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { directoryStorage } from '../../../functions/report/store/directory.ts';
import { backupKey } from '../../../functions/velero/layout.ts';
import { removeTemporaryDirectory, temporaryDirectory } from '../../control-plane/parts/child-process.ts';
import type { Entry } from '../../velero/archives.ts';
import { type Manifest, manifest } from '../archive-of.ts';
import { dataUpload, operation } from '../volume-records.ts';
import { genuineFiles, membersOf, type Night, newest, nightOf, nights, older } from './planted-nights.ts';
import { assertReport, type Expected, needWhole, playing, verified } from './verified.ts';

before(playing.start);
after(playing.stop);

const key = backupKey(newest, 'contents');
const list = backupKey(newest, 'resourceList');
const error = { rows: { [newest]: 'error' }, newestVerified: { nightly: null } } as const;
const sound = { newestVerified: { nightly: newest } } as const;
const damaged = (kind: string) => `critical archive-damaged Schedule nightly ${kind}`;
const settings = 'resources/configmaps/namespaces/shop/settings.json';
const twin = 'resources/configmaps/v1-preferredversion/namespaces/shop/settings.json';

const judge = async (night: Night, expected: Expected, before: Night = {}) =>
  assertReport(await verified(await nights(night, before)), expected);
const adding = (entry: Entry): Night => ({ members: (members) => [...members, entry] });
/** The content of one member, changed. */
const changing = (path: string, change: (content: string) => string): Night => ({
  members: (members) => members.map((each) => (each.name === path ? { ...each, content: change(String(each.content)) } : each)),
});

describe('a member that Velero does not write', () => {
  const bad = damaged('bad-member');
  test('a link', () =>
    judge(adding({ name: 'resources/configmaps/namespaces/shop/passwd.json', type: 'symlink', linkname: '/etc/passwd' }), {
      alarms: { [bad]: /resources\/configmaps\/namespaces\/shop\/passwd\.json: is a symlink, not a file/ },
      ...error,
    }));
  test('a path with .., and an absolute one', async () => {
    await judge(adding({ name: 'resources/../../etc/cron.json', content: '{}' }), {
      alarms: { [bad]: /resources\/\.\.\/\.\.\/etc\/cron\.json: has \.\. in its name, which restores refuse/ },
      ...error,
    });
    await judge(adding({ name: '/etc/cron.json', content: '{}' }), {
      alarms: { [bad]: /\/etc\/cron\.json: has an absolute name/ },
      ...error,
    });
  });
  test('no alarm: the entry of a folder, `./` before names, another order', async () => {
    await judge(adding({ name: 'resources/configmaps/', type: 'directory' }), sound);
    await judge({ members: (members) => members.map((each) => ({ ...each, name: `./${each.name}` })) }, sound);
    await judge({ members: ([version, ...others]) => [...(version ? [version] : []), ...others.toReversed()] }, sound);
  });
});

describe('an object', () => {
  test('whose JSON is cut off, in one copy or both: one alarm', async () => {
    const alarms = { [damaged('not-json')]: /resources\/configmaps\/namespaces\/shop\/settings\.json: its 100 bytes are no JSON object/ };
    await judge(
      changing(settings, (content) => content.slice(0, 100)),
      { alarms, ...error },
    );
    const both = (members: Entry[]) =>
      members.map((each) =>
        each.name === settings || each.name === twin ? { ...each, content: String(each.content).slice(0, 100) } : each,
      );
    await judge({ members: both }, { alarms, ...error });
  });
  test('under the name of another', () =>
    judge(
      { members: (members) => members.map((each) => ({ ...each, name: each.name.replace('/settings.json', '/other.json') })) },
      {
        alarms: { [damaged('wrong-name')]: /namespaces\/shop\/other\.json: it holds v1 ConfigMap shop\/settings, expected .* shop\/other/ },
        ...error,
      },
    ));
  test('edited in the copy that restores read', () =>
    judge(
      changing(settings, (content) => content.replace(/"data":\{/, '"data":{"x":"y",')),
      {
        alarms: {
          [damaged('twin-differs')]: /configmaps\/namespaces\/shop\/settings\.json: the copy that restores read and its copy by version/,
        },
        ...error,
      },
    ));
  test('without the copy that restores read', () =>
    judge(
      { members: (members) => members.filter(({ name }) => name !== settings) },
      { alarms: { [damaged('twin-missing')]: /shop\/settings\.json: the copy that restores read is not in the archive/ }, ...error },
    ));
  test('written at another time: a warning, for it may have been packed again', () =>
    judge(
      {
        members: (members) => members.map((each) => (each.name === settings ? { ...each, mtime: new Date('2026-11-20T00:00:00Z') } : each)),
      },
      {
        alarms: { 'warning archive-damaged Schedule nightly times': new RegExp(`2026-11-24T01:00:00Z to .*: ${settings}`) },
        rows: { [newest]: 'warning' },
        ...sound,
      },
    ));
  test('no alarm: a few minutes beside the backup, or a finalization that wrote the archive once more', async () => {
    const mtime = new Date('2026-11-24T01:09:00Z');
    await judge({ members: (members) => members.map((each) => ({ ...each, mtime })) }, sound);
  });
});

describe('the limits hold, and the report says so', () => {
  test('an object of 17 MB', () => {
    const name = 'resources/configmaps/namespaces/shop/bomb.json';
    const what = new RegExp(`${name}: it has 17825792 bytes, more than the limit of 16777216`);
    return judge(adding({ name, content: Buffer.alloc(17 << 20, ' ') }), {
      unknown: { 'archive-damaged': what, ...needWhole(what) },
      rows: { [newest]: 'unknown' },
      newestVerified: { nightly: null },
    });
  });
  test('a file beside the archive that unpacks to 129 MB', () =>
    judge(
      { files: { results: new Uint8Array(gzipSync(Buffer.alloc(129 << 20, ' '))) } },
      {
        unknown: { 'backup-companions': new RegExp(`${backupKey(newest, 'results')} has more than 134217728 bytes`) },
        rows: { [newest]: 'unknown' },
        newestVerified: { nightly: null },
      },
    ));
});

describe('what lies behind the end', () => {
  test('is a warning, with its place', () =>
    judge(
      { packed: (packed) => Buffer.concat([packed, Buffer.from('garbage')]) },
      {
        alarms: { 'warning archive-damaged Schedule nightly trailing-data': /byte \d+ of the packed file: 7 bytes follow the end/ },
        rows: { [newest]: 'warning' },
        ...sound,
      },
    ));
});

describe('against the list', () => {
  const missing = 'critical backup-items Schedule nightly missing';
  test('items are missing', () =>
    judge(
      { lost: ['ConfigMap shop/settings'] },
      { alarms: { [missing]: new RegExp(`lacks 1 of 4 items that Velero listed \\(${list}\\).*: ConfigMap shop/settings$`) }, ...error },
    ));
  test('all are missing: there is nothing in it', () =>
    judge(
      { members: ([version]) => (version ? [version] : []) },
      {
        alarms: {
          [missing]: /lacks 4 of 4 items .*; there is no object in the archive at all$/,
          'critical backup-scope Schedule nightly empty': /holds no object at all/,
        },
        ...error,
      },
    ));
  test('some more are in it: told, and no alarm', () =>
    judge(
      { unlisted: [manifest('v1', 'ConfigMap', 'shop/extra', { data: {} })] },
      {
        infos: {
          'info backup-items Schedule nightly extra': new RegExp(`has 1 object in its archive \\(${key}\\) that Velero listed nowhere`),
        },
        ...sound,
      },
    ));
  test('it is the archive of another backup, all of whose items are in it too', async () => {
    const files = await nights();
    const [own, other] = [files[key], genuineFiles()['backups/full-1/full-1.tar.gz']];
    const report = await verified({ ...files, ...(own && other && { [key]: { ...own, body: other.body } }) });
    assertReport(report, {
      alarms: {
        'warning backup-items Schedule nightly extra': new RegExp(
          `has 20,132 objects in its archive \\(${key}\\).*it may be the archive of another`,
        ),
        'warning archive-damaged Schedule nightly times': /metadata\/version and others/,
      },
      rows: { [newest]: 'warning' },
    });
  });
  test('it is the archive, or the list, of another backup', async () => {
    const foreign: Manifest[] = [manifest('v1', 'ConfigMap', 'data/a'), manifest('v1', 'Namespace', 'data')];
    const what = /lacks 4 of 4 items .*nothing of the list is in the archive, so one of them is of another backup/;
    await judge(
      { members: ([version]) => [...(version ? [version] : []), ...foreign.flatMap(membersOf)] },
      {
        alarms: {
          [missing]: what,
          'critical backup-scope Schedule nightly namespaces': /1 of 1 namespaces .* have no object in its archive: shop/,
        },
        ...error,
      },
    );
    const others = { 'v1/ConfigMap': ['data/a', 'data/b'] };
    await judge({ files: { resourceList: others } }, { alarms: { [missing]: /lacks 2 of 2 items .*another backup/ }, ...error });
  });
  test('no alarm: what operations added at the end', () =>
    judge(
      {
        spec: { includedNamespaces: ['shop', 'velero'] },
        unlisted: [dataUpload('shop/db')],
        files: { itemOperations: [operation('shop/db')] },
        objects: [manifest('v1', 'Namespace', 'velero')],
      },
      sound,
    ));
});

describe('failed items', () => {
  const partial = (item: string): Night => ({
    lost: ['ConfigMap shop/settings'],
    status: { phase: 'PartiallyFailed', errors: 1 },
    files: { results: { errors: { namespaces: { shop: [`resource: /configmaps name: /${item} error: /boom`] } }, warnings: {} } },
  });
  const told = {
    'warning schedule-failing Schedule nightly': /its newest backup nightly-\d+ failed in part, with 1 error.*error: \/boom/,
    'warning backup-messages Schedule nightly errors': /was made with 1 error: shop: resource/,
  };
  test('that no error names', () =>
    judge(partial('other'), {
      alarms: { ...told, 'critical backup-items Schedule nightly missing': /lacks 1 of 4 items.*: ConfigMap shop\/settings$/ },
      ...error,
    }));
  test('that an error names are known losses: a warning, and the rest restores', () =>
    judge(partial('settings'), {
      alarms: { ...told, 'warning backup-items Schedule nightly known losses': /lost 1 of 4 items .*: ConfigMap shop\/settings$/ },
      rows: { [newest]: 'warning' },
      ...sound,
    }));
});

describe('fewer than before', () => {
  const more = Array.from({ length: 6 }, (_, index) => manifest('v1', 'Service', `shop/s-${index}`, { spec: {} }));
  /** The older night is verified first; what it held is remembered. */
  const nightAfterNight = async (night: Night, before: Night, expected: Expected) => {
    const folder = temporaryDirectory('fewer');
    try {
      const run = { state: directoryStorage(folder) };
      const files = await nightOf({ name: older, ...before });
      assertReport(await verified(files, { run }), { newestVerified: { nightly: older } });
      assertReport(await verified({ ...files, ...(await nightOf(night)) }, { run }), expected);
    } finally {
      removeTemporaryDirectory(folder);
    }
  };
  test('a kind is gone', () =>
    nightAfterNight(
      {},
      { objects: more },
      {
        alarms: { 'warning backup-shrunk Schedule nightly kinds': /services/ },
        rows: { [newest]: 'warning' },
        newestVerified: { nightly: newest },
      },
    ));
  test('no alarm: the request is another one, or what is gone always comes and goes', async () => {
    await nightAfterNight(
      { spec: { labelSelector: { matchLabels: { app: 'web' } } }, objects: [] },
      { objects: more },
      {
        alarms: {},
        newestVerified: { nightly: newest },
      },
    );
    const leases = more.map((_, index) => manifest('coordination.k8s.io/v1', 'Lease', `shop/l-${index}`, { spec: {} }));
    await nightAfterNight({}, { objects: leases }, { newestVerified: { nightly: newest } });
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import rule from '../../../functions/cleanup/rules/superseded-helm-releases.ts';
import { ago, helmRevision, now } from '../../health-check/objects.ts';
import { namesProposed, runRule, theProposal } from './run-rule.ts';

/** Revisions 1 to `count`, the last of them deployed, one a day. */
const history = (release: string, count: number, statuses: Readonly<Record<number, string>> = {}) =>
  Array.from({ length: count }, (_, index) => {
    const version = index + 1;
    const status = statuses[version] ?? (version === count ? 'deployed' : 'superseded');
    return helmRevision(release, version, status, ago({ days: count - index }));
  });
const nameOf = (release: string, version: number) => `sh.helm.release.v1.${release}.v${version}`;
const inConfigMap = (labels: object, name: string, namespace = 'shop') => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace, creationTimestamp: ago({ days: 40 }), labels },
});

test('superseded ones beyond the newest ten', async () => {
  const proposal = await theProposal(rule, { objects: history('web', 11) });
  assert.equal(proposal.object.name, nameOf('web', 1));
  assert.equal(proposal.object.kind, 'Secret');
  assert.equal(proposal.reason, 'revision 1 of release web was superseded 11 days ago; 10 newer ones are kept');
  assert.equal(proposal.since, now - 11 * 86_400_000);
  assert.deepEqual(proposal.facts, { release: 'web', revision: 1, status: 'superseded', newestRevision: 11, revisions: 11 });
});

test('numbers are compared as numbers, and releases of the same name in two namespaces are two', async () => {
  const elsewhere = history('web', 9).map((secret) => ({ ...secret, metadata: { ...secret.metadata, namespace: 'other' } }));
  assert.deepEqual(await namesProposed(rule, { objects: [...history('web', 12), ...elsewhere] }), [nameOf('web', 1), nameOf('web', 2)]);
});

test('look-alikes stay: deployed, pending, failed and odd ones, however old', async () => {
  const statuses = { 1: 'deployed', 2: 'pending-upgrade', 3: 'failed', 4: 'uninstalled', 5: 'unknown', 6: 'pending-install' };
  const stranger = { ...helmRevision('web', 7, 'superseded', ago({ days: 9 })) };
  const objects = [
    ...history('web', 16, statuses),
    { ...stranger, metadata: { ...stranger.metadata, name: 'no-helm', labels: { ...stranger.metadata.labels, owner: 'me' } } },
    helmRevision('web', Number.NaN, 'superseded', ago({ days: 90 })),
  ];
  assert.deepEqual(await namesProposed(rule, { objects }), []);
  assert.deepEqual(await namesProposed(rule, { objects: history('web', 5), options: { revisions: 3 } }), [
    nameOf('web', 1),
    nameOf('web', 2),
  ]);
});

test('records in ConfigMaps too, of Helm and of Tiller, and each storage by itself', async () => {
  const tiller = (version: number) =>
    inConfigMap(
      { OWNER: 'TILLER', NAME: 'old', STATUS: version === 3 ? 'DEPLOYED' : 'SUPERSEDED', VERSION: `${version}`, MODIFIED_AT: '1700000000' },
      `old.v${version}`,
    );
  const objects = [tiller(1), tiller(2), tiller(3), inConfigMap({ app: 'web' }, 'settings'), ...history('old', 2)];
  const { proposals } = await runRule(rule, { objects, options: { revisions: 2 } });
  assert.deepEqual(
    proposals.map(({ object, since }) => [object.kind, object.name, since]),
    [['ConfigMap', 'old.v1', 1_700_000_000_000]],
  );
});

test('never more than metadata is asked for, and only with the right to it', async () => {
  const parts: (string | undefined)[] = [];
  await runRule(rule, { objects: [], onRead: (reads) => parts.push(...reads.map(({ part }) => part)) });
  assert.deepEqual(parts, ['metadata', 'metadata']);
  const endings = { secrets: { state: 'not-granted', reason: 'not granted' } } as const;
  const { proposals, end } = await runRule(rule, { objects: history('web', 30), endings });
  assert.deepEqual([proposals, end.outcome, end.reason], [[], 'not-run', 'not granted']);
});

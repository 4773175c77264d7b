import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fingerprint } from '../../functions/report/fingerprint.ts';
import type { Finding } from '../../functions/scan/contracts.ts';
import fc from '../fuzz.ts';

const finding: Finding = {
  object: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'checkout', uid: 'a' },
  subject: 'Available',
  severity: 'warning',
  message: '1 of 2 replicas are available',
  remedy: 'kubectl -n shop describe deployment checkout',
};

test('is the same as in every earlier release, or all findings of all clusters become new', () => {
  assert.equal(fingerprint('prod', 'deployment-unavailable', finding), 'v1-ab169c359e6ef96d05ce');
});

test('does not know what changes while the trouble is the same', () => {
  const before = fingerprint('prod', 'deployment-unavailable', finding);
  fc.assert(
    fc.property(
      fc.record({
        severity: fc.constantFrom('critical', 'warning', 'info'),
        message: fc.string(),
        remedy: fc.string(),
        startedAt: fc.string(),
        details: fc.dictionary(fc.string(), fc.integer()),
        members: fc.array(fc.record({ apiVersion: fc.constant('v1'), kind: fc.constant('Pod'), name: fc.string() })),
      }),
      fc.string(),
      fc.constantFrom('apps/v1', 'apps/v1beta2', 'apps/v2'),
      (rest, uid, apiVersion) => {
        const changed: Finding = { ...finding, ...rest, object: { ...finding.object, uid, apiVersion } };
        assert.equal(fingerprint('prod', 'deployment-unavailable', changed), before);
      },
    ),
  );
});

test('differs with cluster, check, group, kind, namespace, name and subject, also where their texts run together', () => {
  const { subject: _, ...withoutSubject } = finding;
  const object = (more: object): Finding => ({ ...finding, object: { ...finding.object, ...more } });
  const all = [
    fingerprint('prod', 'deployment-unavailable', finding),
    fingerprint('staging', 'deployment-unavailable', finding),
    fingerprint('prod', 'other', finding),
    fingerprint('prod', 'deployment-unavailable', withoutSubject),
    fingerprint('prod', 'deployment-unavailable', { ...finding, subject: 'Progressing' }),
    fingerprint('prod', 'deployment-unavailable', object({ apiVersion: 'example.com/v1' })),
    fingerprint('prod', 'deployment-unavailable', object({ apiVersion: 'v1' })),
    fingerprint('prod', 'deployment-unavailable', object({ kind: 'StatefulSet' })),
    fingerprint('prod', 'deployment-unavailable', object({ namespace: 'shop2' })),
    fingerprint('prod', 'deployment-unavailable', object({ name: 'checkout2' })),
    fingerprint('prodd', 'eployment-unavailable', finding),
  ];
  assert.equal(new Set(all).size, all.length);
  for (const one of all) assert.match(one, /^v1-[0-9a-f]{20}$/);
});

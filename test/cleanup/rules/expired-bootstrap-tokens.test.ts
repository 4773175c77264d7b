import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import rule from '../../../functions/cleanup/rules/expired-bootstrap-tokens.ts';
import { ago, now } from '../../health-check/objects.ts';
import { namesProposed, runRule, theProposal } from './run-rule.ts';

const encoded = (text: string): string => Buffer.from(text).toString('base64');
const secretText = 'f395accd246ae52d';
const token = (data: object | undefined, shape: { type?: string; namespace?: string } = {}) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  type: shape.type ?? 'bootstrap.kubernetes.io/token',
  metadata: { name: 'bootstrap-token-07401b', namespace: shape.namespace ?? 'kube-system', creationTimestamp: ago({ days: 9 }) },
  ...(data && { data: { 'token-id': encoded('07401b'), 'token-secret': encoded(secretText), ...data } }),
});

test('expired, in any time zone, and nothing of its content is said', async () => {
  const proposal = await theProposal(rule, { objects: [token({ expiration: encoded('2026-03-17T10:00:00+01:00') })] });
  assert.equal(proposal.reason, 'expired 24 hours ago, and the token cleaner has left it');
  assert.equal(proposal.since, now - 86_400_000);
  assert.deepEqual(proposal.facts, { expired: '2026-03-17T09:00:00.000Z' });
  const said = JSON.stringify(proposal);
  assert.ok(!said.includes(secretText) && !said.includes(encoded(secretText)) && !said.includes('token-secret'));
});

describe('look-alikes stay', () => {
  const expired = { expiration: encoded(ago({ days: 1 })) };
  const looks: Readonly<Record<string, object>> = {
    'still good': token({ expiration: encoded(new Date(now + 60_000).toISOString()) }),
    'without an expiration it never expires': token({}),
    'no content': token(undefined),
    'an empty expiration': token({ expiration: '' }),
    'not understood': token({ expiration: encoded('yesterday') }),
    'a date is no time': token({ expiration: encoded('2026-03-17') }),
    'a day that does not exist': token({ expiration: encoded('2026-02-30T00:00:00Z') }),
    'not base64': token({ expiration: '%%' }),
    'not a text': token({ expiration: 7 }),
    'of another type': token(expired, { type: 'Opaque' }),
    'in another namespace': token(expired, { namespace: 'shop' }),
  };
  for (const [what, look] of Object.entries(looks)) {
    test(what, async () => assert.deepEqual(await namesProposed(rule, { objects: [look] }), []));
  }
});

test('it asks for these Secrets alone', async () => {
  await runRule(rule, {
    onRead: (reads) =>
      assert.deepEqual(
        reads.map(({ resource, namespace, fields, sensitive }) => [resource, namespace, fields, sensitive]),
        [['secrets', 'kube-system', 'type=bootstrap.kubernetes.io/token', true]],
      ),
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import rule from '../../../functions/cleanup/rules/unissued-certificate-signing-requests.ts';
import { ago } from '../../health-check/objects.ts';
import { namesProposed, theProposal } from './run-rule.ts';

const request = (conditions: readonly object[] | undefined, status: object = {}) => ({
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'CertificateSigningRequest',
  metadata: { name: 'csr-1', creationTimestamp: ago({ days: 2 }) },
  spec: { signerName: 'example.com/mesh', username: 'system:node:n1', request: 'LS0t' },
  status: { conditions, ...status },
});
const approved = { type: 'Approved', status: 'True', lastUpdateTime: ago({ hours: 5 }), lastTransitionTime: ago({ hours: 6 }) };

test('approved and never issued', async () => {
  const proposal = await theProposal(rule, { objects: [request([approved])] });
  assert.equal(proposal.reason, 'approved for 5 hours and never issued by example.com/mesh');
  assert.equal(proposal.since, Date.parse(ago({ hours: 5 })));
  assert.deepEqual(proposal.facts, { signer: 'example.com/mesh', requestedBy: 'system:node:n1' });
});

test('when it was approved is not known: no age is told', async () => {
  const { since } = await theProposal(rule, { objects: [request([{ type: 'Approved', status: 'True' }])] });
  assert.equal(since, undefined);
});

describe('look-alikes stay', () => {
  const looks: Readonly<Record<string, object>> = {
    issued: request([approved], { certificate: 'LS0t' }),
    pending: request(undefined),
    'pending, no conditions': request([]),
    denied: request([{ ...approved, type: 'Denied' }]),
    'approved, and its signer failed': request([approved, { ...approved, type: 'Failed' }]),
    'not approved': request([{ ...approved, status: 'False' }]),
  };
  for (const [what, look] of Object.entries(looks)) {
    test(what, async () => assert.deepEqual(await namesProposed(rule, { objects: [look] }), []));
  }
});

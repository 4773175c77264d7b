import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/backup-verification/checks/identity-of-cloud.ts';
import { assertSilent, assertSound, type Manifest, manifest, theFinding } from '../archive-of.ts';

const account = (place: string, role?: string): Manifest =>
  manifest('v1', 'ServiceAccount', place, { metadata: { annotations: role === undefined ? {} : { 'eks.amazonaws.com/role-arn': role } } });
const [web, api] = [account('shop/web', 'arn:aws:iam::1:role/shop'), account('shop/api', 'arn:aws:iam::1:role/shop')];

describe('identity-of-cloud', () => {
  test('roles that trust the cluster that was backed up: one finding, and no alarm', async () => {
    const finding = await theFinding(check, { objects: [web, api, account('data/db', 'arn:aws:iam::1:role/data')] });
    assert.equal(finding.severity, 'info');
    assert.match(finding.message, /^3 ServiceAccounts assume 2 IAM roles/);
    assert.deepEqual(
      finding.members?.map(({ name }) => name),
      ['db', 'api', 'web'],
    );
    assert.doesNotMatch(finding.remedy, /Pod Identity/);
  });
  test('on EKS, what no backup holds is told too', async () => {
    const finding = await theFinding(check, { objects: [web], metadata: { kubernetesVersion: 'v1.33.1-eks-595af52' } });
    assert.match(finding.remedy, /Pod Identity/);
  });
  test('accounts without a role', () => assertSilent(check, { objects: [account('shop/web'), account('shop/api', '')] }));
  test('sound', () => assertSound(check, { objects: [web, api, account('data/db')] }));
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/backup-verification/checks/missing-service-account.ts';
import { assertSilent, assertSound, manifest, theFinding } from '../archive-of.ts';
import { deployment } from '../samples.ts';

const web = deployment('shop/web', { serviceAccountName: 'web' });

describe('missing-service-account', () => {
  test('pods of such a workload are refused', async () => {
    const finding = await theFinding(check, { objects: [web] });
    assert.equal(finding.severity, 'critical');
    assert.match(finding.message, /needs ServiceAccount shop\/web.*: its pods would be refused$/);
  });
  test('by the old field too', async () => {
    await theFinding(check, { objects: [deployment('shop/web', { serviceAccount: 'web' })] });
  });
  test('it is there, or every namespace has it', () =>
    assertSilent(check, {
      objects: [
        manifest('v1', 'ServiceAccount', 'shop/web'),
        web,
        deployment('shop/api', { serviceAccountName: 'default' }),
        deployment('shop/db', {}),
      ],
    }));
  test('those of EKS are there where the cluster was one', async () => {
    const agent = manifest('apps/v1', 'DaemonSet', 'kube-system/aws-node', {
      spec: { template: { spec: { serviceAccountName: 'aws-node' } } },
    });
    await assertSilent(check, { objects: [agent], metadata: { kubernetesVersion: 'v1.33.1-eks-595af52' } });
    await theFinding(check, { objects: [agent], metadata: { kubernetesVersion: 'v1.33.1' } });
  });
  test('sound', () => assertSound(check, { objects: [web, deployment('shop/api', { serviceAccountName: 'api' })] }));
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/health-check/checks/eks-cluster-health.ts';
import { assertSilent, runCheck } from '../run-check.ts';

const described = (cluster: object) => ({
  probes: { 'eks:DescribeCluster': { body: JSON.stringify({ name: 'prod', status: 'ACTIVE', ...cluster }) } },
});

describe('eks-cluster-health', () => {
  test('says nothing of an active cluster without issues', async () => {
    await assertSilent(check, described({ health: { issues: [] } }));
    await assertSilent(check, described({}));
    await assertSilent(check, described({ health: { issues: null }, arn: 'arn:aws:eks:eu-central-1:111122223333:cluster/prod' }));
  });

  test('one finding a code, with the resources', async () => {
    const { findings } = await runCheck(
      check,
      described({
        health: {
          issues: [
            { code: 'Ec2SubnetNotFound', message: 'We couldn’t find one or more subnets.', resourceIds: ['subnet-2', 'subnet-1'] },
            { code: 'Ec2SubnetNotFound', message: 'We couldn’t find one or more subnets.', resourceIds: ['subnet-3'] },
            { code: 'KmsKeyDisabled', message: 'The KMS key is disabled.' },
          ],
        },
      }),
    );
    assert.deepEqual(
      findings.map(({ object, subject, severity, message }) => [object.name, subject, severity, message]),
      [
        [
          'prod',
          'Ec2SubnetNotFound',
          'warning',
          'EKS reports Ec2SubnetNotFound: We couldn’t find one or more subnets (subnet-1, subnet-2 and subnet-3)',
        ],
        ['prod', 'KmsKeyDisabled', 'critical', 'EKS reports KmsKeyDisabled: The KMS key is disabled'],
      ],
    );
  });

  test('a status other than ACTIVE is told, gravely only where it is', async () => {
    const severityOf = async (status: string) => (await runCheck(check, described({ status }))).findings.map(({ severity }) => severity);
    assert.deepEqual(await severityOf('FAILED'), ['critical']);
    assert.deepEqual(await severityOf('UPDATING'), ['info']);
    assert.deepEqual(await severityOf('SOMETHING_NEW'), ['warning']);
  });

  test('is not run on a cluster that is not EKS’s, and incomplete where the answer is not understood', async () => {
    assert.equal((await runCheck(check, {})).end.outcome, 'not-run');
    for (const body of ['{}', '[]', 'null', '<html>']) {
      const { end } = await runCheck(check, { probes: { 'eks:DescribeCluster': { body } } });
      assert.equal(end.outcome, 'incomplete', body);
      assert.match(end.reason ?? '', /eks:DescribeCluster is not understood/);
    }
  });
});

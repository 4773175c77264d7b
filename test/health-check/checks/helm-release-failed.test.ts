import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/health-check/checks/helm-release-failed.ts';
import { assertSurvivesHoles } from '../holes.ts';
import { ago, helmRevision } from '../objects.ts';
import { assertSilent, runCheck, theFinding } from '../run-check.ts';

describe('helm-release-failed', () => {
  test('a failed upgrade is told with the revision that is still deployed', async () => {
    const objects = [
      helmRevision('cart', 5, 'failed', ago({ hours: 2 })),
      helmRevision('cart', 4, 'deployed', ago({ days: 9 })),
      helmRevision('cart', 3, 'superseded', ago({ days: 30 })),
    ];
    const finding = await theFinding(check, { objects });
    assert.equal(finding.message, 'revision 5 failed; revision 4 is still the one deployed');
    assert.equal(finding.severity, 'warning');
    assert.equal(finding.remedy, 'helm -n shop history cart, then helm -n shop rollback cart 4');
    assert.equal(finding.startedAt, ago({ hours: 2 }));
    assert.deepEqual(
      finding.members?.map(({ name }) => name),
      ['sh.helm.release.v1.cart.v5'],
    );
  });

  test('is the same finding at the next revision that fails', async () => {
    const [first, second] = await Promise.all(
      [5, 6].map((version) => theFinding(check, { objects: [helmRevision('cart', version, 'failed', ago({ hours: 2 }))] })),
    );
    assert.deepEqual(first?.object, second?.object);
    assert.equal(first?.subject, second?.subject);
  });

  test('only the newest revision counts, by number and not by name', async () => {
    await assertSilent(check, {
      objects: [helmRevision('cart', 9, 'failed', ago({ days: 2 })), helmRevision('cart', 10, 'deployed', ago({ days: 1 }))],
    });
    await theFinding(check, {
      objects: [helmRevision('cart', 9, 'deployed', ago({ days: 2 })), helmRevision('cart', 10, 'failed', ago({ days: 1 }))],
    });
  });

  test('one that is left half way is told only when it is not at work any more', async () => {
    await assertSilent(check, { objects: [helmRevision('cart', 5, 'pending-upgrade', ago({ minutes: 29 }))] });
    const finding = await theFinding(check, {
      objects: [helmRevision('cart', 5, 'pending-upgrade', ago({ minutes: 31 })), helmRevision('cart', 4, 'deployed', ago({ days: 1 }))],
    });
    assert.equal(
      finding.message,
      'revision 5 has been pending-upgrade for 31 minutes, so Helm refuses the next upgrade; revision 4 is still the one deployed',
    );
    const install = await theFinding(check, { objects: [helmRevision('new', 1, 'pending-install', ago({ hours: 5 }))] });
    assert.equal(install.remedy, 'helm -n shop history new, then helm -n shop uninstall new, and install it again');
  });

  test('the same name in two namespaces is two releases', async () => {
    const { findings } = await runCheck(check, {
      objects: [helmRevision('cart', 1, 'failed', ago({ hours: 2 })), helmRevision('cart', 7, 'deployed', ago({ hours: 2 }), 'pay')],
    });
    assert.deepEqual(
      findings.map(({ object }) => object.namespace),
      ['shop'],
    );
  });

  test('leaves other Secrets alone, whatever their labels', async () => {
    const other = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'token', namespace: 'shop', labels: { status: 'failed', name: 'x', version: '1' } },
    };
    await assertSilent(check, { objects: [other, { ...other, metadata: { name: 'plain', namespace: 'shop' } }] });
  });

  test('says nothing of a payload, even where a source gives it', async () => {
    const withData = { ...helmRevision('cart', 5, 'failed', ago({ hours: 2 })), data: { release: 'SDRzSUFBQUFBQUFD' } };
    assert.ok(!JSON.stringify(await theFinding(check, { objects: [withData] })).includes('SDRzSUFB'));
  });

  test('is not run without the right to list Secrets', async () => {
    const { end } = await runCheck(check, {
      endings: { secrets: { state: 'not-granted', reason: 'the role nightshift-secrets is not bound' } },
    });
    assert.deepEqual([end.outcome, end.reason], ['not-run', 'the role nightshift-secrets is not bound']);
  });

  test('an uninstallation that was left half way is to be finished, not to be installed again', async () => {
    const finding = await theFinding(check, { objects: [helmRevision('old', 3, 'uninstalling', ago({ hours: 5 }))] });
    assert.equal(finding.message, 'revision 3 has been uninstalling for 5 hours: what is left of it stays in the cluster');
    assert.equal(finding.remedy, 'helm -n shop history old, then helm -n shop uninstall old');
  });

  test('what was uninstalled with its history kept is left alone', () =>
    assertSilent(check, { objects: [helmRevision('old', 3, 'uninstalled', ago({ hours: 5 }))] }));

  test('survives holes', () =>
    assertSurvivesHoles(check, [
      helmRevision('cart', 5, 'failed', ago({ hours: 2 })),
      helmRevision('pay', 5, 'pending-upgrade', ago({ hours: 2 })),
    ]));
});

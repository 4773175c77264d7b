/** No alarm on what is sound: the genuine backups, and the planted ones that all faults are planted in. */
import { after, before, describe, test } from 'node:test';
import { genuineFiles, newest, nights } from './planted-nights.ts';
import { assertReport, playing, verified } from './verified.ts';

before(playing.start);
after(playing.stop);

describe('nothing is wrong with', () => {
  test('the two backups that a real Velero wrote, but what Velero really left out', async () => {
    const report = await verified(genuineFiles());
    assertReport(report, {
      // A fact of Velero 1.18, confirmed by a restore of the real server: test/control-plane/velero.
      alarms: { 'warning cluster-scoped-left-out Schedule daily-backup': /excludedClusterScopedResources.* in full-1\.tar\.gz/ },
      rows: { 'full-1': 'warning' },
      newestVerified: { '': 'shop-1', 'daily-backup': 'full-1' },
    });
  });

  test('the planted nights', async () => {
    assertReport(await verified(await nights()), { newestVerified: { nightly: newest } });
  });
});

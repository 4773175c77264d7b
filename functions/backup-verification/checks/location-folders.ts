import * as z from 'zod';
import { some } from '../../health-check/wire.ts';
import { locationFolders } from '../../velero/layout.ts';
import { defineLocationCheck } from '../contracts.ts';

const allowed: ReadonlySet<string> = new Set(locationFolders);

export default defineLocationCheck({
  id: 'location-folders',
  title: 'Folders that make the location unavailable',
  why: 'Velero calls a location Unavailable that has any folder at its top but its own: no backup is made there and no restore is accepted.',
  upstream: 'https://github.com/vmware-tanzu/velero/blob/main/pkg/persistence/object_store_layout.go',
  level: 'inventory',
  reads: {},
  options: z.strictObject({}),
  look({ location, emit }) {
    const alien = location.topFolders.filter((folder) => !allowed.has(folder)).toSorted();
    if (alien.length === 0) return;
    const move =
      location.object.kind === 'Bucket'
        ? `aws s3 mv --recursive ${location.name}/${alien[0]}/ s3://ANOTHER-BUCKET/${alien[0]}/`
        : `mv ${location.name}/${alien[0]} ANOTHER-FOLDER`;
    const [are, them] = alien.length === 1 ? ['is a folder', 'it'] : ['are folders', 'them'];
    emit({
      object: location.object,
      severity: 'critical',
      message: `at the top of ${location.name} ${are} that Velero does not know: ${some(alien, 5)}; it calls such a location Unavailable and refuses backups and restores`,
      remedy: `move ${them} elsewhere: ${move}`,
      details: { folders: alien.length },
    });
  },
});

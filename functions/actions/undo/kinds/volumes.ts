/**
 * PersistentVolumes and their claims, so that they find each other again (pv_controller.go, syncVolume and syncUnboundClaim): a volume that is
 * to be bound again names its claim without a uid, and the claim names the volume; a uid of before would make the volume Released.
 */
import { fieldsAt, textAt } from '../../../backup-verification/restorability/fields.ts';
import { refKey } from '../../../scan/contracts.ts';
import { absent } from '../../contracts.ts';
import type { Fields, Live, PrepareKind } from '../contracts.ts';
import { withoutAt } from '../fields.ts';

/** What the PV controller and the scheduler write on a claim. */
export const claimAnnotations = [
  'pv.kubernetes.io/bind-completed',
  'pv.kubernetes.io/bound-by-controller',
  'volume.beta.kubernetes.io/storage-provisioner',
  'volume.kubernetes.io/storage-provisioner',
  'volume.kubernetes.io/selected-node',
] as const;

export const volumeRef = (name: string) => ({ apiVersion: 'v1', kind: 'PersistentVolume', name }) as const;

export const prepareVolume: PrepareKind = async (manifest, { former, live }) => {
  const policy = fieldsAt(manifest, 'spec').persistentVolumeReclaimPolicy;
  if (policy !== 'Retain') return { refused: `its disk went with it (reclaim policy ${String(policy ?? 'unknown')})` };
  const claim = fieldsAt(manifest, 'spec', 'claimRef');
  const [name, namespace, uid] = [textAt(claim, 'name'), textAt(claim, 'namespace'), textAt(claim, 'uid')];
  // What was Released stays so: its data is not handed to a new claim of the same name.
  if (name === undefined || uid === undefined || fieldsAt(former, 'status').phase !== 'Bound') return { manifest, notes: [] };
  const there = await live.get('v1', 'PersistentVolumeClaim', namespace, name);
  if (there !== absent) {
    const same = textAt(fieldsAt(there, 'metadata'), 'uid') === uid;
    return { manifest, notes: same ? [] : [`Released: its claim ${namespace}/${name} is another one now`] };
  }
  return {
    manifest: withoutAt(
      withoutAt(manifest, ['spec', 'claimRef'], 'uid', 'resourceVersion'),
      ['metadata', 'annotations'],
      'pv.kubernetes.io/bound-by-controller',
    ),
    notes: [`kept for the claim ${namespace}/${name}`],
  };
};

export const prepareClaim: PrepareKind = async (manifest, { former, namespace, name, live, options }) => {
  const claim = withoutAt(manifest, ['metadata', 'annotations'], ...claimAnnotations);
  const volume = textAt(fieldsAt(manifest, 'spec'), 'volumeName');
  if (volume === undefined) return { manifest: claim, notes: [] };
  const state = await volumeFor({ volume, namespace, name, uid: textAt(fieldsAt(former, 'metadata'), 'uid') }, live);
  const comes = options.alsoRestored?.has(refKey(volumeRef(volume))) === true;
  if ('refused' in state) return state;
  if (state.is === 'gone' && !comes) return { refused: `its volume ${volume} is gone: it would come back empty` };
  if (state.is === 'of the former claim' && !comes) return { refused: `its volume ${volume} still belongs to the former claim` };
  return { manifest: claim, notes: [`bound again to its volume ${volume}`] };
};

/** How the volume of a claim that is to come back stands to it; `former`: it has to forget the uid of the former claim first. */
export async function volumeFor(
  claim: { readonly volume: string; readonly namespace: string | undefined; readonly name: string; readonly uid: string | undefined },
  live: Live,
): Promise<
  { readonly refused: string } | { readonly is: 'gone' | 'free' } | { readonly is: 'of the former claim'; readonly live: Fields }
> {
  const there = await live.get('v1', 'PersistentVolume', undefined, claim.volume);
  if (there === absent) return { is: 'gone' };
  const spec = fieldsAt(there, 'spec');
  const metadata = fieldsAt(there, 'metadata');
  if (metadata.deletionTimestamp != null) return { refused: `its volume ${claim.volume} is being deleted` };
  const claimRef = fieldsAt(spec, 'claimRef');
  const holder = textAt(claimRef, 'name');
  if (holder === undefined) return { is: 'free' };
  if (holder !== claim.name || textAt(claimRef, 'namespace') !== claim.namespace)
    return { refused: `its volume ${claim.volume} belongs to the claim ${textAt(claimRef, 'namespace')}/${holder} now` };
  const uid = textAt(claimRef, 'uid');
  if (uid === undefined) return { is: 'free' };
  if (uid !== claim.uid) return { refused: `its volume ${claim.volume} belongs to another claim of this name now` };
  // Of any other policy the disk is being removed, or scrubbed.
  if (spec.persistentVolumeReclaimPolicy !== 'Retain') return { refused: `its volume ${claim.volume} is being deleted with its disk` };
  return { is: 'of the former claim', live: fieldsAt(there) };
}

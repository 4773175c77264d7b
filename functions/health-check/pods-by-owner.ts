/** Gathers pods in trouble into one finding an owner: ten crashing pods of a Deployment are one fault. */
import { pods } from '../cluster/kinds.ts';
import { type Finding, type Pass, type Ref, refKey, refTo, type Severity } from '../scan/contracts.ts';
import { startedAt } from './age.ts';
import { controllerOf, isToEnd, nodeOf, type Pod } from './pod-state.ts';

/** What is wrong with one pod. */
export interface PodTrouble {
  /** Pods of one owner with the same subject are one finding. */
  readonly subject?: string;
  /** Where absent it is told from what is left of the workload. */
  readonly severity?: Severity;
  readonly message: string;
  readonly remedy: string;
  /** Since when, in ms. */
  readonly since?: number | undefined;
  /** Of the pods of one finding, the one with the most speaks for all; of equals the first by name. */
  readonly weight?: number;
  /** Why the pod is the cause of its owner's trouble: `its pod is not ready`. */
  readonly because: string;
  /** Could a fault of the pod's node explain it? */
  readonly nodeMayBeCause?: boolean;
  /** Something else that explains it. */
  readonly cause?: { readonly object: Ref; readonly because: string };
}

const hashLabel = 'pod-template-hash';

/** What findings, links and `pass.owner()` need of a pod, so that the pod itself is not kept. */
export const essenceOf = (pod: Pod): Pod => {
  const controller = controllerOf(pod);
  const { namespace, name, labels } = pod.metadata ?? {};
  const hash = labels?.[hashLabel];
  return {
    metadata: {
      namespace: namespace ?? '',
      name: name ?? '',
      labels: hash ? { [hashLabel]: hash } : {},
      ownerReferences: controller ? [controller] : [],
    },
    spec: { nodeName: pod.spec?.nodeName ?? '', restartPolicy: pod.spec?.restartPolicy ?? 'Always' },
  };
};

interface Kept {
  readonly pod: Pod;
  readonly because: string;
  readonly nodeMayBeCause: boolean;
}
interface KeptTrouble extends Kept {
  readonly trouble: PodTrouble;
}

const keep = (pod: Pod, because: string, nodeMayBeCause = false): Kept => ({ pod: essenceOf(pod), because, nodeMayBeCause });
const refOf = ({ pod }: Kept): Ref => refTo(pods, pod.metadata);

/**
 * Critical where nothing of a workload is left that works, and for static pods (the control plane's own). A pod that is to end, as a try of a
 * Job, or one that nobody owns, is not urgent.
 */
const severityOf = (pod: Pod, owner: Ref | undefined, ready: ReadonlySet<string>): Severity => {
  if (controllerOf(pod)?.kind === 'Node') return 'critical';
  return owner === undefined || isToEnd(pod) || ready.has(refKey(owner)) ? 'warning' : 'critical';
};

const byName = (a: Ref, b: Ref): number => {
  const [one, other] = [`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`];
  return one < other ? -1 : one > other ? 1 : 0;
};

/**
 * To be filled while pods pass; `report()` belongs in `finish()`, where owner chains are whole. Keeps one owner reference a workload that
 * works, and of the pods in trouble what names them.
 */
export const podsByOwner = ({ emit, link, owner }: Pick<Pass<Finding, unknown, unknown>, 'emit' | 'link' | 'owner'>) => {
  const working = new Map<string, Pod>();
  const explaining: Kept[] = [];
  const troubled: KeptTrouble[] = [];

  const linkPod = (kept: Kept): void => {
    const effect = refOf(kept);
    const above = owner(kept.pod);
    if (above) link({ effect: above, cause: effect, because: kept.because });
    const node = kept.nodeMayBeCause ? nodeOf(kept.pod) : undefined;
    if (node) link({ effect, cause: node, because: 'it runs on this node' });
  };

  const ownersThatWork = (): ReadonlySet<string> => new Set([...working.values()].flatMap((pod) => owner(pod) ?? []).map(refKey));

  const emitGroup = (group: readonly KeptTrouble[], ready: ReadonlySet<string>): void => {
    const [speaker] = group.toSorted((a, b) => (b.trouble.weight ?? 0) - (a.trouble.weight ?? 0) || byName(refOf(a), refOf(b)));
    if (!speaker) return;
    const above = owner(speaker.pod);
    const { subject, severity, message, remedy } = speaker.trouble;
    const since = group.reduce((earliest, { trouble }) => Math.min(earliest, trouble.since ?? earliest), Number.POSITIVE_INFINITY);
    emit({
      object: above ?? refOf(speaker),
      ...(subject === undefined ? {} : { subject }),
      severity: severity ?? severityOf(speaker.pod, above, ready),
      message,
      remedy,
      ...startedAt(Number.isFinite(since) ? since : undefined),
      ...(above ? { members: group.map(refOf).toSorted(byName) } : {}),
      details: { pods: group.length },
    });
  };

  return {
    /** A pod that works: its owner has something left. */
    works(pod: Pod): void {
      const uid = controllerOf(pod)?.uid;
      if (uid && !working.has(uid)) working.set(uid, essenceOf(pod));
    },

    /** A pod in trouble that is to be reported. */
    add(pod: Pod, trouble: PodTrouble): void {
      troubled.push({ ...keep(pod, trouble.because, trouble.nodeMayBeCause), trouble });
    },

    /** A pod in trouble that is not to be reported (yet): only its links are made, since its owner or Service may be. */
    explain(pod: Pod, because: string, nodeMayBeCause = true): void {
      explaining.push(keep(pod, because, nodeMayBeCause));
    },

    /** Emits one finding an owner and subject, with its pods as members, and links owner to pod and pod to node. */
    report(): void {
      const groups = Map.groupBy(troubled, (kept) => `${refKey(owner(kept.pod) ?? refOf(kept))} ${kept.trouble.subject ?? ''}`);
      const ready = troubled.length > 0 ? ownersThatWork() : new Set<string>();
      for (const group of groups.values()) emitGroup(group, ready);
      for (const kept of [...explaining, ...troubled]) linkPod(kept);
      for (const kept of troubled) {
        const { cause } = kept.trouble;
        if (cause) link({ effect: refOf(kept), cause: cause.object, because: cause.because });
      }
    },
  };
};

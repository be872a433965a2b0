/** What tests of every package share: time, network, places and archives that behave as the real ones do. */
export { type Clock, systemClock, type TimerHandle } from "./clock.ts";
export { cloningDisk, cloningDiskUnavailable } from "./cloning-disk.ts";
export { type EventuallyOptions, eventually, eventuallyPasses } from "./eventually.ts";
export { peakRssBytes } from "./peak-memory.ts";
export { createRandom, type Random } from "./random.ts";
export type { VolumeLimit } from "./rar/archive-files.ts";
export { compressRar5, compressSolidRar5, type Packed } from "./rar/compress/compress.ts";
export type { Rar5Content, Rar5Directory, Rar5Entry, Rar5File, Rar5Link, Rar5Padding } from "./rar/entry.ts";
export {
  type WriteRar5Options,
  type WrittenRar5,
  writeEncryptedRar,
  writeRar4,
  writeRar5,
} from "./rar/writer.ts";
export { zeroChunks } from "./rar/zeros.ts";
export { seededBytes, seededChunks } from "./seeded-bytes.ts";
export {
  createSimulatedNetwork,
  type DatagramAddress,
  type DatagramSocket,
  type NetworkConditions,
  type NetworkCounters,
  type SimulatedNetwork,
  type SimulatedNetworkOptions,
} from "./simulated-network.ts";
export { type SmallDisk, smallDisk, smallDiskUnavailable } from "./small-disk.ts";
export { mountPoints } from "./system.ts";
export { type TemporaryDirectory, temporaryDirectory } from "./temporary-directory.ts";
export { createVirtualClock, type VirtualClock } from "./virtual-clock.ts";
export {
  canUseNamespaces,
  createVirtualLan,
  type LanHost,
  type LanSwitch,
  type LinkRates,
  namespacesUnavailable,
  removeOrphanNamespaces,
  type VirtualLan,
} from "./virtual-lan.ts";

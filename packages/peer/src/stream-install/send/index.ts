/** The sending side of streamed installs: archives are unpacked here, for somebody who has no room for them. */

export {
  createStreamInstalls,
  type StreamInstalls,
  type StreamInstallsOptions,
} from "./answer-stream-install.ts";

import type { Storage } from "@zcloud/map";

type Settings = Readonly<Record<string, string | number>>;

export interface Profile {
  /** What it is for, and what it costs: for the docs. */
  readonly about: string;
  readonly settings: Settings;
}

/**
 * How patient Ceph is. Each moves one balance: who notices a lost site sooner also takes a slow link for a lost one, and a flapping
 * quorum stalls more than it saves. In each, mds_beacon_grace - mds_beacon_interval exceeds mon_tick_interval: else no MDS ever fails over.
 */
export const profiles: Readonly<Record<Storage["profile"], Profile>> = {
  lab: {
    about:
      "Both sites on one machine: a lost site is noticed within seconds, and caches are as small as they may be. Not for data that matters.",
    settings: {
      mon_tick_interval: 1,
      mon_lease: 2,
      mon_election_timeout: 2,
      mon_mgr_beacon_grace: 12,
      mon_osd_adjust_heartbeat_grace: "false",
      osd_heartbeat_grace: 6,
      osd_heartbeat_interval: 2,
      osd_mon_heartbeat_interval: 5,
      mds_beacon_grace: 6,
      mds_beacon_interval: 2,
      mds_beacon_mon_down_grace: 6,
      mds_reconnect_timeout: 8,
      mon_client_ping_interval: 2,
      mon_client_ping_timeout: 6,
      mon_client_hunt_interval: 1,
      mgr_tick_period: 1,
      paxos_propose_interval: 0.2,
      mon_data_avail_warn: 3,
      mon_data_avail_crit: 1,
      bluestore_cache_autotune: "false",
      bluestore_cache_size: 67108864,
      osd_memory_target: 939524096,
      mds_cache_memory_limit: 67108864,
      osd_op_num_shards: 2,
      osd_op_num_threads_per_shard: 1,
    },
  },
  metro: {
    about:
      "Sites less than 10 ms apart: the survivor serves after 14 to 30 s instead of Ceph's 36. A link that is silent for 6 s counts as lost.",
    settings: {
      mon_tick_interval: 1,
      mon_lease: 3,
      mon_election_timeout: 3,
      mon_mgr_beacon_grace: 15,
      mon_osd_adjust_heartbeat_grace: "false",
      osd_heartbeat_grace: 8,
      osd_heartbeat_interval: 2,
      osd_mon_heartbeat_interval: 5,
      mds_beacon_grace: 8,
      mds_beacon_interval: 2,
      mds_beacon_mon_down_grace: 8,
      mds_reconnect_timeout: 10,
      mon_client_ping_interval: 2,
      mon_client_ping_timeout: 8,
      mon_client_hunt_interval: 1,
    },
  },
  wide: {
    about:
      "Sites farther apart, or a link that is at times slow: near Ceph's own patience. The survivor serves after 36 s or more; every write waits for the way there and back.",
    settings: {
      mon_lease: 5,
      mon_election_timeout: 5,
      mon_osd_adjust_heartbeat_grace: "false",
      osd_heartbeat_grace: 20,
      osd_heartbeat_interval: 4,
      mds_beacon_grace: 15,
      mds_beacon_interval: 4,
    },
  },
};

"""The partitioner of Kafka's Java client, written a second time, so that a test doesn't ask the code about itself."""


def murmur2(data: bytes) -> int:
    """The 32 bits of org.apache.kafka.common.utils.Utils.murmur2, unsigned."""
    mask = 0xFFFFFFFF
    factor = 0x5BD1E995
    value = (0x9747B28C ^ len(data)) & mask
    whole = len(data) // 4 * 4
    for i in range(0, whole, 4):
        word = int.from_bytes(data[i:i + 4], "little") * factor & mask
        word = (word ^ word >> 24) * factor & mask
        value = (value * factor & mask) ^ word
    if rest := data[whole:]:
        value = (value ^ int.from_bytes(rest, "little")) * factor & mask
    value = (value ^ value >> 13) * factor & mask
    return value ^ value >> 15


def partition_of(data: bytes, count: int) -> int:
    """The partition of a record with this key."""
    return (murmur2(data) & 0x7FFFFFFF) % count

#!/bin/sh
# GET /            every note, oldest first: id, tab, text
# GET /?id=ID      one note
# POST /?id=ID     the body becomes a note (at most 64 KiB, stored as one line); without id it gets one.
#                  201 means that it is on disk. The same id and text again is the same note; another text is 409.
notes=/data/notes

answer() {
  printf 'Status: %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %s\r\n\r\n%s' "$1" "${#2}" "$2"
  exit 0
}
newline='
'

id=
case $QUERY_STRING in
  id=*) id=${QUERY_STRING#id=} ;;
  ?*) answer '400 Bad Request' "unknown query; use ?id=ID$newline" ;;
esac
case $id in
  *[!A-Za-z0-9-]* | ?????????????????????????????????????????????????????????????????*)
    answer '400 Bad Request' "an id is 1 to 64 of A-Z, a-z, 0-9 and -$newline" ;;
esac

export LC_ALL=C
case $REQUEST_METHOD in
  GET | HEAD)
    if [ -n "$id" ]; then
      [ -f "$notes/$id" ] || answer '404 Not Found' "there is no note $id$newline"
      answer '200 OK' "$(cat "$notes/$id")$newline"
    fi
    all=$(cd "$notes" && ls -tr | while read -r name; do printf '%s\t%s\n' "$name" "$(cat "$name")"; done)
    answer '200 OK' "$all${all:+$newline}"
    ;;
  POST)
    [ "${CONTENT_LENGTH:-0}" -gt 0 ] || answer '411 Length Required' "send the note as the body$newline"
    [ "$CONTENT_LENGTH" -le 65536 ] || answer '413 Content Too Large' "a note is at most 64 KiB$newline"
    [ -n "$id" ] || id=$(date +%Y%m%dT%H%M%S)-$(head -c 6 /dev/urandom | hexdump -v -e '1/1 "%02x"')
    draft=/data/.draft-$id-$$
    head -c "$CONTENT_LENGTH" | tr '\r\n\t' '   ' | dd of="$draft" conv=fsync 2> /dev/null || { rm -f "$draft"; answer '507 Insufficient Storage' "the note was not stored$newline"; }
    [ "$(stat -c %s "$draft")" -eq "$CONTENT_LENGTH" ] || { rm -f "$draft"; answer '400 Bad Request' "the body is shorter than it says$newline"; }
    # ln never replaces: of two writers with one id, one wins, and the other is told.
    if ! ln "$draft" "$notes/$id" 2> /dev/null; then
      cmp -s "$draft" "$notes/$id" && same=yes || same=
      rm -f "$draft"
      [ -n "$same" ] || answer '409 Conflict' "note $id is there with another text$newline"
    fi
    rm -f "$draft"
    sync "$notes/$id" && sync "$notes" || answer '507 Insufficient Storage' "the note may not be stored$newline"
    answer '201 Created' "$id$newline"
    ;;
  *) answer '405 Method Not Allowed' "GET or POST$newline" ;;
esac

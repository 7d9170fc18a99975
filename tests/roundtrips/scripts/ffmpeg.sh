# SPDX-License-Identifier: Apache-2.0
# needs: ffmpeg
# rewrite: libav*,libsw*,libpostproc*,libx264*,libmp3lame*,libvorbis*
# patience: 600
exact=(-hide_banner -nostdin -loglevel error -threads 2 -filter_threads 2)
source=(-f lavfi -i testsrc2=size=320x240:rate=10:duration=1)
keep=(-fflags +bitexact -flags:v +bitexact -flags:a +bitexact -map_metadata -1)
watched ffmpeg "${exact[@]}" "${source[@]}" "${keep[@]}" -c:v mpeg4 -q:v 4 a.avi; echo $?
watched ffmpeg "${exact[@]}" "${source[@]}" "${keep[@]}" -c:v libx264 \
    -preset veryfast -threads 2 b.mkv; echo $?
watched ffmpeg "${exact[@]}" -i a.avi -f framemd5 -
watched ffmpeg "${exact[@]}" -i a.avi -f framemd5 \
    -vf 'scale=160:120:flags=lanczos,hflip,eq=contrast=1.2' -
watched ffmpeg "${exact[@]}" -i b.mkv -f framemd5 -
watched ffmpeg "${exact[@]}" -f lavfi -i 'sine=frequency=440:duration=1' \
    "${keep[@]}" -c:a flac c.flac; echo $?
watched ffmpeg "${exact[@]}" -i c.flac -af 'aresample=22050,volume=0.5' -f md5 -
watched ffmpeg "${exact[@]}" -i nowhere.avi x.avi; echo $?

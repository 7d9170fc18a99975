# SPDX-License-Identifier: Apache-2.0
# needs: openssl
# patience: 300
text 200000 >text; noise 100000 >noise
# One process for many commands: libcrypto takes its time to be rewritten.
{
    for digest in md5 sha1 sha224 sha256 sha384 sha512 sha3-256 shake128 blake2b512 blake2s256 \
        ripemd160 sm3; do
        echo "dgst -$digest text noise"
    done
    for cipher in aes-128-cbc aes-256-ctr aes-256-cfb aria-128-cbc camellia-256-cbc chacha20 \
        des-ede3-cbc sm4-ctr; do
        echo "enc -$cipher -K 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff \
-iv 0f0e0d0c0b0a09080706050403020100 -in noise -out noise.$cipher"
    done
    echo "enc -aes-128-cbc -K 00112233445566778899aabbccddeeff \
-iv 0f0e0d0c0b0a09080706050403020100 -d -in noise.aes-128-cbc -out back"
    echo "base64 -in noise -out noise.base64"
    echo "mac -digest SHA256 -macopt key:garlic -in text HMAC"
    echo "kdf -keylen 32 -kdfopt pass:garlic -kdfopt salt:pencil -kdfopt n:1024 -kdfopt r:8 \
-kdfopt p:1 SCRYPT"
    echo "prime 2305843009213693951"
    echo "speed -seconds 1 -bytes 1024 -evp sha256"
    echo "speed -seconds 1 -multi 2 -bytes 1024 -evp aes-128-gcm"
    echo "speed -seconds 1 ecdsap256 rsa2048 ecdhx25519"
} >commands
while read -r command; do
    case $command in
    # shellcheck disable=SC2086
    speed*) watched openssl $command >/dev/null 2>&1; echo "${command%% *} $?" ;;
    *) # shellcheck disable=SC2086
        watched openssl $command; echo "${command%% *} $?" ;;
    esac
done <commands
cmp back noise
# Keys are random: what is done with them must come out right.
for key in "RSA -pkeyopt rsa_keygen_bits:1536" "EC -pkeyopt ec_paramgen_curve:P-256" ED25519 X448
do
    # shellcheck disable=SC2086
    watched openssl genpkey -quiet -algorithm $key -out ../key.pem; echo "$key $?"
    case $key in
    RSA* | EC*)
        watched openssl dgst -sha256 -sign ../key.pem -out ../signature text
        watched openssl pkey -in ../key.pem -pubout -out ../public.pem
        watched openssl dgst -sha256 -verify ../public.pem -signature ../signature text
        watched openssl dgst -sha256 -verify ../public.pem -signature ../signature noise 2>/dev/null
        echo $?
        ;;
    esac
done

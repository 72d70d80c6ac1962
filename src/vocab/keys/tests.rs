//! What a key table finds, refuses and survives.

use super::*;
use proptest::prelude::*;

fn table(keys: &[&str]) -> KeyTable {
    keys.iter().copied().collect()
}

#[test]
fn finds_what_was_put_in() {
    let words: Vec<String> = (0..1000).map(|i| format!("word{i}")).collect();
    let table: KeyTable = words.iter().map(String::as_str).collect();
    assert_eq!(table.len(), 1000);
    for (index, word) in words.iter().enumerate() {
        assert_eq!(table.index(word), Some(index));
        assert_eq!(table.get(index), Some(word.as_str()));
    }
    assert_eq!(table.index("absent"), None);
    assert_eq!(table.get(1000), None);
    assert_eq!(table.verify(), Ok(()));
}

#[test]
fn an_empty_table_answers() {
    assert_eq!(KeyTable::default().index("a"), None);
    assert!(KeyTable::default().is_empty());
    assert_eq!(KeyTable::default().verify(), Ok(()));
}

#[test]
fn equal_keys_share_an_index_and_the_empty_key_is_a_key() {
    let mut table = table(&["a", "", "b"]);
    assert_eq!(table.insert("a").unwrap(), (0, false));
    assert_eq!(table.insert("").unwrap(), (1, false));
    assert_eq!(table.insert("c").unwrap(), (3, true));
}

#[test]
fn room_made_beforehand_changes_nothing() {
    let mut table = table(&["a", "b"]);
    table.reserve(1000);
    let slots = table.slots().len();
    for i in 0..1000 {
        table.insert(&format!("{i}")).unwrap();
    }
    assert_eq!(table.slots().len(), slots);
    assert_eq!(table.index("b"), Some(1));
    assert_eq!(table.index("999"), Some(1001));
}

#[test]
fn the_text_of_a_range_is_its_keys_one_after_another() {
    let whole = table(&["a", "", "naïve", "☃"]);
    assert_eq!(whole.text(0..4), Ok("anaïve☃"));
    assert_eq!(
        (whole.text(1..3), whole.text(2..2), whole.text(4..4)),
        (Ok("naïve"), Ok(""), Ok(""))
    );
    let slots = || whole.slots().to_vec().into();
    let damaged = |bytes: &[u8], offsets: &[u64]| {
        let parts = (bytes.to_vec().into(), offsets.to_vec().into());
        KeyTable::from_parts(parts.0, parts.1, slots(), KeyKind::Text).unwrap()
    };
    let split = damaged("aï".as_bytes(), &[0, 1, 2, 3]);
    assert_eq!((split.text(0..3), split.text(0..1)), (Err(1), Ok("a")));
    assert_eq!(damaged(b"abc", &[0, 2, 1, 3]).text(0..3), Err(1));
    assert_eq!(damaged(b"abc", &[0, u64::MAX, 3, 3]).text(0..3), Err(0));
    assert_eq!(damaged(b"a\xffc", &[0, 1, 2, 3]).text(0..3), Err(1));
}

#[test]
fn taking_permutes_and_refuses_what_is_not_there_or_comes_twice() {
    let table = table(&["a", "b", "c"]);
    let taken = table.take([2, 0]).unwrap();
    assert_eq!(taken.iter().collect::<Vec<_>>(), ["c", "a"]);
    assert_eq!((taken.index("c"), taken.index("b")), (Some(0), None));
    assert!(table.take([3]).is_none());
    assert!(table.take([1, 1]).is_none());
}

#[test]
fn the_index_space_ends_with_a_clear_error() {
    assert_eq!(slot_entry(MAX_KEYS - 1).unwrap(), EMPTY_SLOT - 1);
    let error = slot_entry(MAX_KEYS).unwrap_err().to_string();
    assert!(error.contains("4294967295"), "{error}");
}

#[test]
fn parts_of_wrong_sizes_are_refused() {
    let parts = |offsets: Vec<u64>, slots: Vec<u32>| {
        let bytes = vec![b'a'; offsets.len().saturating_sub(1)];
        let (bytes, offsets, slots) = (bytes.into(), offsets.into(), slots.into());
        KeyTable::from_parts(bytes, offsets, slots, KeyKind::Text).map(|_| ())
    };
    assert_eq!(parts(vec![], vec![]), Err(KeyTableError::NoOffsets));
    assert_eq!(parts(vec![0], vec![]), Ok(()));
    assert_eq!(parts(vec![0, 1], vec![]), Err(KeyTableError::Slots { slots: 0, keys: 1 }));
    let slots = vec![0; 6];
    assert_eq!(parts(vec![0, 1, 2, 3], slots), Err(KeyTableError::Slots { slots: 6, keys: 3 }));
    assert_eq!(parts(vec![0, 1, 2], vec![0; 4]), Ok(()));
}

#[test]
fn a_blob_is_verified() {
    let blob = |bytes: &[u8], offsets: &[u64]| {
        let (bytes, offsets) = (bytes.to_vec(), offsets.to_vec());
        KeyTable::from_blob(bytes, offsets, KeyKind::Text).map(|table| table.len())
    };
    assert_eq!(blob(b"ab", &[0, 1, 2]), Ok(2));
    assert_eq!(blob(b"aa", &[0, 1, 2]), Err(KeyTableError::Lost(1)));
    assert_eq!(blob(b"a\xff", &[0, 1, 2]), Err(KeyTableError::Utf8(1)));
    let range = KeyTableError::Range { index: 1, start: 2, end: 1, bytes: 2 };
    assert_eq!(blob(b"ab", &[0, 2, 1, 2]), Err(range));
    for (first, last) in [(0, 1), (1, 2), (0, u64::MAX)] {
        let ends = KeyTableError::Ends { first, last, bytes: 2 };
        assert_eq!(blob(b"ab", &[first, last]), Err(ends));
    }
}

#[test]
fn integers_are_kept_as_text_and_are_no_text() {
    let mut integers = table(&["7", "-3"]);
    integers.set_kind(KeyKind::Integer);
    assert_eq!((integers.get_integer(1), integers.get_integer(2)), (Some(-3), None));
    assert_eq!(integers.verify(), Ok(()));
    assert_ne!(integers, table(&["7", "-3"]));
    assert_eq!(integers.take([1]).unwrap().kind(), KeyKind::Integer);
    assert_eq!(integers.take([]).unwrap().kind(), KeyKind::Text);
    for (text, index) in [("07", 0), ("x", 0), ("", 0)] {
        let offsets = vec![0, text.len() as u64];
        let made = KeyTable::from_blob(text.into(), offsets, KeyKind::Integer);
        assert_eq!(made, Err(KeyTableError::Integer(index)));
    }
}

proptest! {
    #[test]
    fn hostile_parts_never_panic_and_searches_end(
        bytes in proptest::collection::vec(any::<u8>(), 0..20),
        offsets in proptest::collection::vec(prop_oneof![0u64..24, any::<u64>()], 0..7),
        slots in proptest::collection::vec(prop_oneof![0u32..9, any::<u32>()], 16),
        key in ".{0,3}",
        kind in prop_oneof![Just(KeyKind::Text), Just(KeyKind::Integer)],
    ) {
        let offsets = [&[0], &offsets[..], &[bytes.len() as u64]].concat();
        let (bytes, offsets, slots) = (bytes.into(), offsets.into(), slots.into());
        let mut table = KeyTable::from_parts(bytes, offsets, slots, kind).unwrap();
        table.index(&key);
        prop_assert!((0..table.len() + 1).filter_map(|i| table.get(i)).count() <= table.len());
        if table.verify().is_ok() {
            for index in 0..table.len() {
                prop_assert_eq!(table.index(table.get(index).unwrap()), Some(index));
            }
        }
        // A damaged table may hold a key past its blob's end: what matters is that it ends.
        let _ = table.insert(&key);
        let _ = table.take(0..table.len());
    }

    #[test]
    fn a_table_knows_what_a_list_knows(
        keys in proptest::collection::vec("[a-cäß☃]{0,3}", 0..60),
    ) {
        let table: KeyTable = keys.iter().map(String::as_str).collect();
        let mut distinct: Vec<&str> = Vec::new();
        for key in &keys {
            if !distinct.contains(&key.as_str()) {
                distinct.push(key);
            }
        }
        prop_assert_eq!(table.iter().collect::<Vec<_>>(), distinct.clone());
        for (index, key) in distinct.iter().enumerate() {
            prop_assert_eq!(table.index(key), Some(index));
        }
        let (bytes, offsets) = (table.bytes().to_vec(), table.offsets().to_vec());
        let blob = KeyTable::from_blob(bytes, offsets, KeyKind::Text);
        prop_assert_eq!(blob.unwrap(), table);
    }
}

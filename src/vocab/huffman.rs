//! The Huffman tree of hierarchical softmax.

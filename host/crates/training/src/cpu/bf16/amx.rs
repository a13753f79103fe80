//! Products of tiles by AMX (Intel SDM vol. 1 ch. 18), written in assembly: the compiler has no stable intrinsics for it yet.

use std::arch::asm;
use std::arch::x86_64::__cpuid_count;

use super::tiles::{SIDE, TILE};

/// `arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA)`: on Linux a process must request the tile registers (kernel, `Documentation/arch/x86/xstate.rst`).
#[cfg(target_os = "linux")]
fn permission() -> bool {
    const ARCH_REQ_XCOMP_PERM: libc::c_long = 0x1023;
    const XFEATURE_XTILEDATA: libc::c_long = 18;
    // SAFETY: takes two integers and touches no memory of this process.
    unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0 }
}

#[cfg(not(target_os = "linux"))]
fn permission() -> bool {
    false
}

/// Whether the CPU has AMX-BF16 and the system lets this process use it.
pub fn is_allowed() -> bool {
    const AMX_BF16: u32 = 1 << 22;
    const AMX_TILE: u32 = 1 << 24;
    let has_leaf = __cpuid_count(0, 0).eax >= 7;
    let features = if has_leaf { __cpuid_count(7, 0).edx } else { 0 };
    features & AMX_BF16 != 0 && features & AMX_TILE != 0 && permission()
}

/// Shapes of the tile registers (`LDTILECFG`): palette 1, all of 16 rows of 64 bytes.
#[repr(C, align(64))]
struct Shapes([u8; 64]);

const SHAPES: Shapes = {
    let mut bytes = [0; 64];
    bytes[0] = 1;
    let mut tile = 0;
    while tile < 8 {
        bytes[16 + 2 * tile] = 64;
        bytes[48 + tile] = SIDE as u8;
        tile += 1;
    }
    Shapes(bytes)
};

/// The tile registers of this thread, configured for [`Self::product`] while this value lives.
pub struct TileRegisters(std::marker::PhantomData<*const ()>);

impl TileRegisters {
    /// Configures them.
    ///
    /// # Safety
    /// [`is_allowed`] must have returned true.
    pub unsafe fn configured() -> Self {
        // SAFETY: reads the 64 bytes of a constant; the caller guarantees that the unit exists.
        unsafe { asm!("ldtilecfg [{}]", in(reg) SHAPES.0.as_ptr(), options(nostack, readonly)) };
        Self(std::marker::PhantomData)
    }

    /// Computes a 32 x 32 block of sums over `along` pairs of tiles and stores it in `out`, or adds it with `add`. The second 16 rows of the left
    /// operand and the second 16 columns of the right one start `along` tiles after the first; rows of `out` start `stride` values apart.
    ///
    /// # Safety
    /// `left` and `right` must hold `2 * along` tiles each, `out` 32 rows of 32 values, `stride` apart.
    pub unsafe fn product(
        &self,
        left: *const u16,
        right: *const u16,
        along: usize,
        out: *mut f32,
        stride: usize,
        add: bool,
    ) {
        if along == 0 {
            return;
        }
        // SAFETY: reads `2 * along` tiles from each operand and reads and writes 4 x 16 rows of 64 bytes of `out`, all of which the caller
        // guarantees; the registers are configured while `self` lives and declared as clobbered.
        unsafe {
            asm!(
                "tilezero tmm0",
                "tilezero tmm1",
                "tilezero tmm2",
                "tilezero tmm3",
                "test {add:e}, {add:e}",
                "jz 2f",
                "tileloadd tmm0, [{out} + {stride}]",
                "tileloadd tmm1, [{out} + {stride} + 64]",
                "tileloadd tmm2, [{lower} + {stride}]",
                "tileloadd tmm3, [{lower} + {stride} + 64]",
                "2:",
                "tileloadd tmm4, [{left} + {row}]",
                "tileloadd tmm6, [{right} + {row}]",
                "tdpbf16ps tmm0, tmm4, tmm6",
                "tileloadd tmm7, [{right_too} + {row}]",
                "tdpbf16ps tmm1, tmm4, tmm7",
                "tileloadd tmm5, [{left_too} + {row}]",
                "tdpbf16ps tmm2, tmm5, tmm6",
                "tdpbf16ps tmm3, tmm5, tmm7",
                "add {left}, 1024",
                "add {left_too}, 1024",
                "add {right}, 1024",
                "add {right_too}, 1024",
                "dec {along}",
                "jnz 2b",
                "tilestored [{out} + {stride}], tmm0",
                "tilestored [{out} + {stride} + 64], tmm1",
                "tilestored [{lower} + {stride}], tmm2",
                "tilestored [{lower} + {stride} + 64], tmm3",
                add = in(reg) u32::from(add),
                left = inout(reg) left => _,
                left_too = inout(reg) left.add(along * TILE) => _,
                right = inout(reg) right => _,
                right_too = inout(reg) right.add(along * TILE) => _,
                along = inout(reg) along => _,
                out = in(reg) out,
                lower = in(reg) out.add(SIDE * stride),
                stride = in(reg) stride * size_of::<f32>(),
                row = in(reg) 64usize,
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack),
            );
        }
    }
}

impl Drop for TileRegisters {
    fn drop(&mut self) {
        // SAFETY: releases registers that were configured on this thread; the type is neither `Send` nor `Sync`.
        unsafe { asm!("tilerelease", options(nomem, nostack)) };
    }
}
